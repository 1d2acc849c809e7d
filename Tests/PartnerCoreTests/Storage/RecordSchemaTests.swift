import Testing

@testable import PartnerCore

@Suite("A record's schema")
struct RecordSchemaTests {
    private let schema = RecordSchema(kind: "a thing's", newest: 3)

    private func record(_ text: String?) -> Record {
        var attributes = ["a": "1"]
        attributes["schema"] = text
        return Record(key: RecordKey(partition: "p", sort: "s"), attributes: attributes, revision: 1)
    }

    @Test("is the first where nothing is said, and else what is said, up to the newest")
    func known() throws {
        #expect(try schema.version(of: record(nil)) == 1)
        for number in 1...3 { #expect(try schema.version(of: record("\(number)")) == number) }
    }

    @Test("that this build does not know is refused, by the kind's name", arguments: ["4", "9223372036854775807"])
    func newer(text: String) {
        #expect(throws: StoreError.unreadable(reason: "a thing's record was written by a newer build")) {
            try schema.check(record(text))
        }
    }

    @Test("that is no number is refused", arguments: ["", "0", "-1", "2.0", " 2", "two", "9223372036854775808"])
    func unreadable(text: String) {
        #expect(throws: StoreError.unreadable(reason: "a thing's record has a schema that is no number")) {
            try schema.check(record(text))
        }
    }
}

/// Each kind that lives longer than a day: whoever reads a newer one is refused, and the record stays as it is.
@Suite("What a newer build has written", .serialized)
struct NewerRecordTests {
    private typealias Under = ConnectionsUnderTest
    private let documents = ConsentDocuments(termsURL: "https://t", privacyURL: "https://p", version: "1")

    /// Puts newer records into a store, works on them, and looks at all of the store after it.
    private func refuses(
        _ kind: String, in stores: StoreUnderTest, laid keys: [RecordKey],
        _ work: (Invocation) throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for key in keys {
            var attributes = try stores.store.get(key, in: .forStore())?.attributes ?? [:]
            attributes["schema"] = "99"
            attributes["new"] = "what this build knows nothing of"
            try stores.store.put(key, attributes, in: .forStore())
        }
        func all() throws -> [Record] {
            try stores.another.scanned(prefix: "", limit: { 100 }, in: .forStore())
                .filter { !$0.key.partition.hasPrefix("ownerrez-inbox#") }
        }
        let before = try all()
        #expect(
            throws: StoreError.unreadable(reason: "\(kind) record was written by a newer build"),
            sourceLocation: sourceLocation
        ) { try work(.forStore()) }
        #expect(try all() == before, sourceLocation: sourceLocation)
    }

    @Test("of a person's consents is neither read nor ended")
    func consents() throws {
        let test = try StoreUnderTest(.sqlite)
        let consents = Consents(test.store)
        _ = try consents.record(of: documents, by: "anna", at: test.now, in: .forStore())
        let key = try #require(try test.store.list(partition: "consent#anna", in: .forStore()).first?.key)
        let kind = "a consent's"
        try refuses(kind, in: test, laid: [key]) { _ = try consents.history(subject: "anna", in: $0) }
        try refuses(kind, in: test, laid: []) {
            _ = try consents.record(of: documents, by: "anna", at: test.now, in: $0)
        }
        try refuses(kind, in: test, laid: []) {
            _ = try Withdrawals(test.store, keptFor: Retention(days: nil)).withdraw(
                subject: "anna", at: test.now, in: $0)
        }
    }

    @Test("of a link is neither followed nor made anew nor taken away", arguments: ["link#anna", "ownli-user#XT_1"])
    func links(partition: String) throws {
        let test = try StoreUnderTest(.sqlite)
        let links = UserLinks(test.store)
        let link = UserLink(subject: "anna", ownliUserID: "XT_1", linkedAt: test.now)
        let history = ConsentHistory(subject: "anna", consents: [], withdrawals: [])
        _ = try links.create(link, agreedIn: history, in: .forStore())
        let key = try #require(try test.store.list(partition: partition, in: .forStore()).first?.key)
        try refuses("a link's", in: test, laid: [key]) { _ = try links.end(link, in: $0) }
        guard partition == "link#anna" else { return }
        try refuses("a link's", in: test, laid: []) { _ = try links.link(subject: "anna", in: $0) }
        try refuses("a link's", in: test, laid: []) { _ = try links.create(link, agreedIn: history, in: $0) }
        try refuses("a link's", in: test, laid: []) {
            _ = try Withdrawals(test.store, keptFor: Retention(days: nil)).withdraw(
                subject: "anna", at: test.now, in: $0)
        }
    }

    @Test("of a day's budget is not counted on")
    func budgets() throws {
        let test = try StoreUnderTest(.sqlite)
        let limits = RewardLimits(perDay: Cents(1_000), perUserAndDay: nil)
        let ledger = RewardLedger(test.store, limits: limits, keptFor: Retention(days: nil)) { test.now }
        func reserve(_ reference: String, in invocation: Invocation) throws {
            let request = RewardRequest(
                userID: "XT_1", amount: Cents(100), actionCode: "purchase", clientReference: reference)
            _ = try ledger.reserve(request, from: Origin(.direct, name: nil, id: "r"), in: invocation)
        }
        try reserve("order-1", in: .forStore())
        let key = RecordKey(partition: "reward-budget#\(test.now.day)", sort: "all")
        try refuses("a budget's", in: test, laid: [key]) { try reserve("order-2", in: $0) }
    }

    @Test("of a connection is not used, written or replaced")
    func connections() throws {
        let test = try Under(.sqlite)
        try test.save()
        let kind = "a connection's"
        let key = Connections.key(account: Under.account)
        try refuses(kind, in: test.stores, laid: [key, Connections.key(subject: "user-42", account: Under.account)]) {
            _ = try test.connections.stored(account: Under.account, in: $0)
        }
        try refuses(kind, in: test.stores, laid: []) { _ = try test.connections.all(subject: "user-42", in: $0) }
        for subject in ["user-42", "user-43"] {
            let tokens = OwnerRezTokens(access: Secret("at_2"), refresh: nil, expires: nil)
            try refuses(kind, in: test.stores, laid: []) {
                _ = try test.connections.save(test.connection(of: subject), tokens, in: $0)
            }
        }
    }

    @Test("of a connection's place in the schedule is neither claimed nor listed again nor removed")
    func schedule() throws {
        let test = try Under(.sqlite)
        try test.save()
        let kind = "a schedule's"
        let schedule = test.connections.schedule
        let key = ConnectionSchedule.key(account: Under.account)
        try refuses(kind, in: test.stores, laid: [key]) { _ = try schedule.entry(account: Under.account, in: $0) }
        try refuses(kind, in: test.stores, laid: []) { _ = try schedule.page(in: $0) }
        try refuses(kind, in: test.stores, laid: []) { _ = try test.connections.enlist(test.stored, in: $0) }
        let tokens = OwnerRezTokens(access: Secret("at_2"), refresh: nil, expires: nil)
        try refuses(kind, in: test.stores, laid: []) {
            _ = try test.connections.save(test.connection(), tokens, in: $0)
        }
        try test.stores.store.delete(Connections.key(account: Under.account), in: .forStore())
        try refuses(kind, in: test.stores, laid: []) { try test.connections.unlist(account: Under.account, in: $0) }
    }

    @Test("of what was told about an entity does not decide what is a repetition", arguments: [false, true])
    func told(hasTime: Bool) throws {
        let test = try InboxUnderTest(.sqlite)
        let updated = hasTime ? "2026-08-30T12:00:00Z" : nil
        let action = hasTime ? "entity_update" : "entity_delete"
        let event = try InboxUnderTest.event(id: "a", action: action, updated: updated)
        #expect(try test.inbox.accept(event, in: .forStore()) == .accepted)
        let key = RecordKey(partition: "ownerrez-told#347482730/booking/7", sort: "latest")
        let kind = "a told entity's"
        try refuses(kind, in: test.stores, laid: [key]) {
            _ = try test.inbox.accept(InboxUnderTest.event(id: "b", action: action, updated: updated), in: $0)
        }
        try refuses(kind, in: test.stores, laid: []) {
            let row = try InboxUnderTest.row(updated: hasTime ? "2026-08-30T11:00:00Z" : nil)
            _ = try test.inbox.acceptReconciled(row, toldSince: test.stores.now, in: $0)
        }
    }

    @Test("of a checkpoint or of what is remembered of subscriptions is not begun anew")
    func ownRecords() throws {
        let test = try StoreUnderTest(.sqlite)
        let key = RecordKey(partition: "ownerrez-account#1", sort: "x")
        for (kind, schema) in [
            ("a checkpoint's", Checkpoint.schema),
            ("a subscription memory's", SubscriptionMemory.schema),
        ] {
            try refuses(kind, in: test, laid: [key]) { invocation in
                do throws(UpkeepInterruption) {
                    _ = try OwnRecord(key, schema, in: test.store, invocation)
                } catch {
                    guard case .store(let error) = error else { return }
                    throw error
                }
            }
        }
    }

    @Test(
        "of an event that waits stays where it is, and is not given up", arguments: ["0", "1790000000000-0123456789ab"])
    func waiting(sort: String) throws {
        let test = try InboxUnderTest(.sqlite)
        let key = RecordKey(partition: InboxShard(ofAccount: 1).aside("booking/7"), sort: sort)
        try refuses("a waiting event's", in: test.stores, laid: [key]) { invocation in
            let record = try #require(try test.stores.store.get(key, in: invocation))
            _ = try test.inbox.readOrGiveUp(record, in: invocation)
        }
    }
}
