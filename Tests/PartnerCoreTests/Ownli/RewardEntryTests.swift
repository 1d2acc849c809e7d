import Testing

@testable import PartnerCore

@Suite("The records of a reward", .serialized)
struct RewardEntryTests {
    private let queue = Origin(.sqs, name: "arn:aws:sqs:us-east-1:123456789012:rewards", id: "message-1")
    private let order = RewardRequest(
        userID: "XT_USR1", amount: Cents(2510), actionCode: "purchase", clientReference: "order-1")

    private func invocation() -> Invocation { .forStore() }

    private func ledger(_ test: StoreUnderTest, keptFor days: Int? = 3653, perDay: Int? = nil) -> RewardLedger {
        RewardLedger(
            test.store, limits: RewardLimits(perDay: perDay.map { Cents($0) }), keptFor: Retention(days: days),
            clock: { test.now })
    }

    private func reserved(_ outcome: RewardLedger.Outcome) throws -> RewardLedger.Reservation {
        guard case .reserved(let reservation) = outcome else { throw NotReserved(outcome: outcome) }
        return reservation
    }

    private struct NotReserved: Error { let outcome: RewardLedger.Outcome }

    /// Those of the one order, by reference, by day and by user.
    private func records(_ test: StoreUnderTest) throws -> [Record?] {
        try [
            RecordKey(partition: "reward#purchase#order-1", sort: "entry"),
            RecordKey(partition: "reward-audit#2027-01-15", sort: "2027-01-15T08:00:00.000Z#purchase#order-1"),
            RecordKey(partition: "reward-user#XT_USR1", sort: "2027-01-15T08:00:00.000Z#purchase#order-1"),
        ].map { try test.store.get($0, in: invocation()) }
    }

    /// As a build of the first schema left them.
    private func putFormer(_ test: StoreUnderTest, state: [String: String] = ["state": "asked"]) throws {
        let attributes = [
            "userId": "XT_USR1", "cents": "2510", "actionCode": "purchase", "clientReference": "order-1", "way": "sqs",
            "originName": queue.name!, "originId": "message-1", "askedAt": "1800000000000",
        ].merging(state) { $1 }
        let own = attributes.merging(["holder": "somebody", "countedForAll": "counted"]) { $1 }
        try test.store.transact(
            [
                .put(RecordKey(partition: "reward#purchase#order-1", sort: "entry"), own),
                .put(
                    RecordKey(partition: "reward-audit#2027-01-15", sort: "2027-01-15T08:00:00.000Z#purchase#order-1"),
                    attributes),
                .put(RecordKey(partition: "reward-budget#2027-01-15", sort: "all"), ["cents": "2510"]),
            ], in: invocation())
    }

    private func spent(_ test: StoreUnderTest) throws -> String? {
        let key = RecordKey(partition: "reward-budget#2027-01-15", sort: "all")
        return try test.store.get(key, in: invocation())?.attributes["cents"]
    }

    @Test("are three, of one state, and go at the same moment, by when it was asked for", arguments: Backend.allCases)
    func three(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let ledger = ledger(test)
        let reservation = try reserved(ledger.reserve(order, from: queue, in: invocation()))
        let expires = Timestamp(epochSeconds: 1_800_000_000 + 3653 * 86_400)
        func check(_ state: String) throws {
            for record in try records(test) {
                #expect(record?.attributes["state"] == state && record?.attributes["schema"] == "2")
                #expect(record?.expires == expires)
            }
        }
        try check("asked")
        test.setClock(to: Timestamp(epochSeconds: 1_800_000_100))
        let again = try reserved(ledger.reserve(order, from: queue, in: invocation()))
        try check("asked")
        try ledger.settle(again, as: "XT_DBR1", in: invocation())
        try check("granted")
        #expect(again.entry.askedAt == reservation.entry.askedAt)
    }

    @Test("go together when Ownli refuses, and come back together when it has granted all the same")
    func refused() throws {
        let test = try StoreUnderTest(.sqlite)
        let earlier = try reserved(ledger(test).reserve(order, from: queue, in: invocation()))
        let later = try reserved(ledger(test).reserve(order, from: queue, in: invocation()))
        try ledger(test).release(later, in: invocation())
        #expect(try records(test) == [nil, nil, nil])
        try ledger(test).settle(earlier, as: "XT_DBR1", in: invocation())
        for record in try records(test) {
            #expect(record?.attributes["rewardId"] == "XT_DBR1" && record?.expires != nil)
        }
    }

    @Test("stay where they are kept for good")
    func forever() throws {
        let test = try StoreUnderTest(.sqlite)
        _ = try ledger(test, keptFor: nil).reserve(order, from: queue, in: invocation())
        #expect(try records(test).allSatisfy { $0 != nil && $0?.expires == nil })
    }

    @Test("are forgotten after their time: the reference is asked for as if it were new")
    func forgotten() throws {
        let test = try StoreUnderTest(.sqlite)
        let ledger = ledger(test, keptFor: 30)
        let reservation = try reserved(ledger.reserve(order, from: queue, in: invocation()))
        try ledger.settle(reservation, as: "XT_DBR1", in: invocation())
        test.setClock(to: Timestamp(epochSeconds: 1_800_000_000 + 30 * 86_400))
        #expect(try records(test) == [nil, nil, nil])
        #expect(try reserved(ledger.reserve(order, from: queue, in: invocation())).isNew)
    }

    @Test("cost one call to the store, whatever they are", arguments: Backend.allCases)
    func calls(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        _ = try test.store.get(RecordKey(partition: "check", sort: "check"), in: invocation())
        let each = invocation()
        let reservation = try reserved(ledger(test).reserve(order, from: queue, in: each))
        #expect(each.record.withLock { $0.calls.count } == (backend == .sqlite ? 0 : 1))
        let settling = invocation()
        try ledger(test).settle(reservation, as: "XT_DBR1", in: settling)
        let names = settling.record.withLock { $0.calls.map { $0.name } }
        switch backend {
        case .sqlite: #expect(names == [])
        case .dynamoDB: #expect(names == ["dynamodb GetItem", "dynamodb TransactWriteItems"])
        case .firestore: #expect(names == ["firestore batchGet", "firestore batchGet", "firestore commit"])
        }
    }

    @Test("of the first schema are repeated and settled, and are of the newest then", arguments: Backend.allCases)
    func formerSettled(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try putFormer(test)
        test.setClock(to: Timestamp(epochSeconds: 1_800_000_500))
        let ledger = ledger(test, perDay: 2510)
        let again = try reserved(ledger.reserve(order, from: queue, in: invocation()))
        #expect(!again.isNew && !again.isGranted)
        let expires = Timestamp(epochSeconds: 1_800_000_000 + 3653 * 86_400)
        #expect(try records(test).allSatisfy { $0?.expires == expires && $0?.attributes["state"] == "asked" })
        try ledger.settle(again, as: "XT_DBR1", in: invocation())
        #expect(try records(test).allSatisfy { $0?.expires == expires && $0?.attributes["rewardId"] == "XT_DBR1" })
        #expect(try spent(test) == "2510", "it is counted once")
        #expect(
            try RewardAudit(test.store).entries(ownliUserID: "XT_USR1", limit: 9, in: invocation()).entries
                == [again.entry.granted(as: "XT_DBR1")])
    }

    @Test("of the first schema are released wholly", arguments: Backend.allCases)
    func formerReleased(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try putFormer(test)
        let again = try reserved(ledger(test, perDay: 2510).reserve(order, from: queue, in: invocation()))
        try ledger(test, perDay: 2510).release(again, in: invocation())
        #expect(try records(test) == [nil, nil, nil])
        #expect(try spent(test) == "0")
    }

    @Test("of the first schema that are granted are known, and stay as they are")
    func formerGranted() throws {
        let test = try StoreUnderTest(.sqlite)
        try putFormer(test, state: ["state": "granted", "rewardId": "XT_DBR0"])
        let before = try records(test)
        let again = try reserved(ledger(test).reserve(order, from: queue, in: invocation()))
        #expect(again.isGranted && again.entry.rewardID == "XT_DBR0")
        try ledger(test).settle(again, as: "XT_DBR1", in: invocation())
        #expect(try records(test) == before)
        let page = try RewardAudit(test.store).entries(day: "2027-01-15", limit: 9, in: invocation())
        #expect(page.entries.map { $0.rewardID } == ["XT_DBR0"])
    }

    @Test("of a newer schema are left alone", arguments: ["3", "", "two"])
    func newer(schema: String) throws {
        let test = try StoreUnderTest(.sqlite)
        try putFormer(test, state: ["state": "asked", "schema": schema])
        let before = try records(test)
        #expect(throws: StoreError.self) { try ledger(test).reserve(order, from: queue, in: invocation()) }
        let page = try RewardAudit(test.store).entries(day: "2027-01-15", limit: 9, in: invocation())
        #expect(page.entries == [] && page.unreadable.map { $0.key.partition } == ["reward-audit#2027-01-15"])
        #expect(throws: StoreError.self) { try page.all() }
        #expect(try records(test) == before)
    }

    @Test("are listed by user, in pages, the earliest first, and no other user's", arguments: Backend.allCases)
    func users(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        // Whoever's id is the beginning of another's; a dash, a slash and what has two spellings.
        let users = ["XT_USR1", "XT_USR10", "XT_USR1/#", "\u{e9}", "e\u{301}"]
        for (index, user) in (users + users + users).enumerated() {
            test.setClock(to: Timestamp(epochMilliseconds: 1_800_057_599_990 + index))
            let order = RewardRequest(
                userID: user, amount: Cents(100 + index), actionCode: "purchase", clientReference: "order-\(index)")
            _ = try reserved(ledger(test).reserve(order, from: queue, in: invocation()))
        }
        let audit = RewardAudit(test.store)
        for (index, user) in users.enumerated() {
            let first = try audit.entries(ownliUserID: user, limit: 2, in: invocation())
            let rest = try audit.entries(ownliUserID: user, after: first.next, limit: 2, in: invocation())
            let found = (first.entries + rest.entries).map { $0.request.clientReference }
            #expect(found == [index, index + 5, index + 10].map { "order-\($0)" })
            #expect(rest.next == nil)
        }
    }

    @Test("hold whatever id an order may name", arguments: Backend.allCases)
    func longestUser(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let user = String(repeating: "\u{10FFFF}", count: 64)
        let order = RewardRequest(
            userID: user, amount: Cents(100), actionCode: String(repeating: "a", count: 64),
            clientReference: String(repeating: "\u{20AC}", count: 128))
        let reservation = try reserved(ledger(test).reserve(order, from: queue, in: invocation()))
        let page = try RewardAudit(test.store).entries(ownliUserID: user, limit: 9, in: invocation())
        #expect(page.entries == [reservation.entry])
    }
}
