import Testing

@testable import PartnerCore

@Suite("Withdrawals", .serialized)
struct WithdrawalsTests {
    private var invocation: Invocation { .forStore() }
    private static let documents = ConsentDocuments(
        termsURL: "https://ownli.example/terms", privacyURL: "https://ownli.example/privacy", version: "2026-04")

    /// One person, as opting in and withdrawing leave them.
    private struct Person {
        let store: RecordStore
        let invocation: Invocation
        var subject = "anna"
        var ownliUserID = "XT_1"

        func agree(to documents: ConsentDocuments = documents, at seconds: Int = 1_800_000_000) throws -> ConsentHistory
        {
            let acceptance = try Consents(store).record(
                of: documents, by: subject, at: Timestamp(epochSeconds: seconds), in: invocation)
            guard case .accepted(let history) = acceptance else { throw Withdrew() }
            return history
        }

        struct Withdrew: Error {}

        func link(agreedIn history: ConsentHistory) throws -> UserLinks.Outcome {
            let link = UserLink(
                subject: subject, ownliUserID: ownliUserID, linkedAt: Timestamp(epochSeconds: 1_800_000_001))
            return try UserLinks(store).create(link, agreedIn: history, in: invocation)
        }

        @discardableResult
        func withdraw(at seconds: Int = 1_800_000_002) throws -> Withdrawals.Outcome {
            try Withdrawals(store, keptFor: Retention(days: 1827)).withdraw(
                subject: subject, at: Timestamp(epochSeconds: seconds), in: invocation)
        }

        var history: ConsentHistory { get throws { try Consents(store).history(subject: subject, in: invocation) } }
        var isLinked: Bool { get throws { try UserLinks(store).link(subject: subject, in: invocation) != nil } }

        func exists(_ partition: String) throws -> Bool {
            try !store.list(partition: partition, in: invocation).isEmpty
        }
    }

    private func anna(_ test: StoreUnderTest) -> Person { Person(store: test.store, invocation: invocation) }

    @Test("it is kept beside what it ends, and the link is gone both ways", arguments: Backend.allCases)
    func withdraw(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        _ = try anna.link(agreedIn: anna.agree())
        try anna.withdraw()
        #expect(try !anna.exists("link#anna") && !anna.exists("ownli-user#XT_1"))
        let records = try test.another.list(partition: "consent#anna", in: invocation)
        #expect(records.map { $0.key.sort }.last == "withdrawal/0" && records.count == 2)
        #expect(
            records.last?.attributes == [
                "period": "0", "withdrawnAt": "1800000002000", "ownliUserId": "XT_1", "schema": "2",
                "documents":
                    #"[{"termsUrl":"https://ownli.example/terms","privacyUrl":"https://ownli.example/privacy","#
                    + #""version":"2026-04"}]"#,
            ])
        let history = try anna.history
        #expect(history.standing == [] && history.consents.count == 1)
        #expect(history.withdrawals.map { $0.documents } == [[Self.documents]])
        #expect(history.formerOwnliUserIDs == ["XT_1"])
    }

    @Test("a repeat ends nothing and keeps nothing; nor does one by somebody unknown", arguments: Backend.allCases)
    func again(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        #expect(try anna.withdraw() == .neverOptedIn)
        #expect(try !anna.exists("consent#anna"))
        _ = try anna.link(agreedIn: anna.agree())
        try anna.withdraw(at: 1_800_000_002)
        #expect(try anna.withdraw(at: 1_800_000_009) == .alreadyWithdrawn)
        #expect(try anna.history.withdrawals.map { $0.withdrawnAt.epochSeconds } == [1_800_000_002])
    }

    @Test("opting in again is a new consent; the old one and its withdrawal stay", arguments: Backend.allCases)
    func optInAgain(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        for round in 0..<12 {
            let outcome = try anna.link(agreedIn: anna.agree(at: 1_800_000_000 + 10 * round))
            guard case .linked = outcome else {
                Issue.record("round \(round): \(outcome)")
                return
            }
            try anna.withdraw(at: 1_800_000_005 + 10 * round)
        }
        let history = try anna.history
        #expect(history.period == 12 && history.standing == [])
        #expect(history.consents.map { $0.period } == Array(0..<12))
        #expect(history.consents.map { $0.acceptedAt.epochSeconds } == (0..<12).map { 1_800_000_000 + 10 * $0 })
        #expect(history.withdrawals.map { $0.withdrawnAt.epochSeconds } == (0..<12).map { 1_800_000_005 + 10 * $0 })
    }

    @Test("it ends all that they have agreed to", arguments: Backend.allCases)
    func several(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        let newer = ConsentDocuments(
            termsURL: Self.documents.termsURL, privacyURL: Self.documents.privacyURL, version: "2027-01")
        _ = try anna.link(agreedIn: anna.agree(at: 1_800_000_000))
        _ = try anna.agree(to: newer, at: 1_800_000_001)
        try anna.withdraw()
        let history = try anna.history
        #expect(history.standing == [])
        #expect(history.withdrawals.map { $0.documents } == [[Self.documents, newer]])
    }

    @Test("a consent that came to no link is ended; so is a link without a consent", arguments: Backend.allCases)
    func half(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        _ = try anna.agree()
        try anna.withdraw()
        #expect(try anna.history.withdrawals.map { $0.ownliUserID } == [nil])
        #expect(try anna.history.standing == [])
        let berta = Person(store: test.store, invocation: invocation, subject: "berta", ownliUserID: "XT_2")
        _ = try berta.link(agreedIn: .nothing("berta"))
        try berta.withdraw()
        #expect(try !berta.isLinked && berta.history.withdrawals.map { $0.documents } == [[]])
    }

    @Test("whoever has withdrawn while they opted in is not linked", arguments: Backend.allCases)
    func meanwhile(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        let before = try anna.agree()
        try anna.withdraw()
        #expect(try anna.link(agreedIn: before) == .withdrawn)
        #expect(try !anna.isLinked && !anna.exists("ownli-user#XT_1"))
        // What they agree to from now on counts.
        guard case .linked = try anna.link(agreedIn: anna.agree()) else {
            Issue.record("they cannot opt in again")
            return
        }
        #expect(try anna.link(agreedIn: before) != .withdrawn, "and the link that stands is told")
    }

    @Test("a consent that is stored behind its withdrawal is ended by it", arguments: Backend.allCases)
    func behind(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        _ = try anna.agree()
        try anna.withdraw()
        // As an opt-in does that has read before.
        let late = RecordKey(partition: "consent#anna", sort: #"["2027","",""]"#)
        let attributes = ["termsUrl": "", "privacyUrl": "", "version": "2027", "acceptedAt": "1800000003000"]
        try test.store.put(late, attributes, in: invocation)
        #expect(try anna.history.standing == [])
        #expect(try anna.withdraw() == .alreadyWithdrawn)
    }

    @Test("another's link to the same Ownli user is theirs", arguments: Backend.allCases)
    func others(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        _ = try anna.link(agreedIn: anna.agree())
        let back = RecordKey(partition: "ownli-user#XT_1", sort: "subject")
        try test.store.put(back, ["subject": "berta"], in: invocation)
        try anna.withdraw()
        #expect(try !anna.isLinked)
        #expect(try test.store.get(back, in: invocation)?.attributes == ["subject": "berta"])
    }

    @Test("many at once are one withdrawal", arguments: Backend.allCases)
    func atOnce(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let anna = anna(test)
        _ = try anna.link(agreedIn: anna.agree())
        let outcomes = concurrently(6) { [invocation] thread in
            let store = thread.isMultiple(of: 2) ? test.store : test.another
            return try? Person(store: store, invocation: invocation).withdraw(at: 1_800_000_100 + thread)
        }
        let done = outcomes.filter { if case .withdrawn = $0 { true } else { false } }
        #expect(done.count == 1 && outcomes.count { $0 == .alreadyWithdrawn } == 5)
        #expect(try anna.history.withdrawals.count == 1)
    }

    @Test("with an opt-in at once it is one after the other", arguments: Backend.allCases)
    func race(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for round in 0..<12 {
            let subject = "person \(round)"
            let outcomes = concurrently(2) { [invocation] thread -> String in
                let person = Person(
                    store: thread == 0 ? test.store : test.another, invocation: invocation, subject: subject,
                    ownliUserID: "XT_\(round)")
                do {
                    guard thread == 0 else { return "\(try person.withdraw())" }
                    return "\(try person.link(agreedIn: person.agree()))"
                } catch { return "\(error)" }
            }
            let person = Person(store: test.store, invocation: invocation, subject: subject, ownliUserID: "XT_\(round)")
            let history = try person.history
            // Linked, and agreed; or neither, and withdrawn. Never one without the other.
            #expect(try person.isLinked == !history.standing.isEmpty, "\(outcomes)")
            #expect(try person.isLinked == person.exists("ownli-user#XT_\(round)"), "\(outcomes)")
            let said = outcomes.filter { $0.hasPrefix("withdrawn(") }.count
            #expect(history.withdrawals.count == said, "\(outcomes)")
        }
    }

    @Test("a record that cannot be read is an error", arguments: ["{}", "[1]", "[{}]", ""])
    func broken(_ documents: String) throws {
        let test = try StoreUnderTest(.sqlite)
        let key = RecordKey(partition: "consent#anna", sort: "withdrawal/0")
        let attributes = ["period": "0", "withdrawnAt": "1", "documents": documents]
        try test.store.put(key, attributes, in: invocation)
        #expect(throws: StoreError.unreadable(reason: "a withdrawal's documents are no list of documents")) {
            try anna(test).history
        }
    }
}
