import Testing

@testable import PartnerCore

/// What becomes of records once they have ended: they go, the withdrawal last, and nobody is the wiser.
@Suite("What is withdrawn", .serialized)
struct EndedConsentsTests {
    private static let day = 86_400
    private static let link = UserLink(
        subject: "anna", ownliUserID: "XT_1", linkedAt: Timestamp(epochSeconds: 1_800_000_001))

    /// Anna, with a store whose clock can be moved.
    private struct World {
        let test: StoreUnderTest
        var retention = Retention(days: 10)

        var invocation: Invocation { .forStore() }
        var consents: Consents { Consents(test.store) }
        var withdrawals: Withdrawals { Withdrawals(test.store, keptFor: retention) }

        func agree(to version: String = "1") throws -> Consents.Acceptance {
            try consents.record(of: .version(version), by: "anna", at: test.now, in: invocation)
        }

        @discardableResult
        func withdraw() throws -> Withdrawals.Outcome {
            try withdrawals.withdraw(subject: "anna", at: test.now, in: invocation)
        }

        func pass(days: Int, seconds: Int = 0) {
            test.setClock(to: test.now.adding(seconds: days * day + seconds))
        }

        var history: ConsentHistory { get throws { try consents.history(subject: "anna", in: invocation) } }
        /// In days from now, by sort key.
        var ends: [String: Int?] {
            get throws {
                var ends: [String: Int?] = [:]
                for record in try test.another.list(partition: "consent#anna", in: invocation) {
                    ends[record.key.sort] = .some(record.expires.map { $0.milliseconds(since: test.now) / 86_400_000 })
                }
                return ends
            }
        }
    }

    private func world(_ backend: Backend = .sqlite) throws -> World { World(test: try StoreUnderTest(backend)) }

    @Test("is kept as long as the setting says; the withdrawal a day longer", arguments: Backend.allCases)
    func ends(_ backend: Backend) throws {
        let world = try world(backend)
        _ = try world.agree()
        #expect(try world.ends.values.map { $0 } == [nil], "what stands never goes")
        try world.withdraw()
        #expect(try world.ends == [#"["1","",""]"#: 10, "withdrawal/0": 11])
        let history = try world.history
        #expect(history.consents.map { $0.keptUntil } == [world.test.now.adding(seconds: 10 * Self.day)])
        #expect(history.withdrawals.map { $0.keptUntil } == [world.test.now.adding(seconds: 11 * Self.day)])
        world.pass(days: 10)
        #expect(try world.ends == ["withdrawal/0": 1])
        #expect(try world.history.period == 1)
        world.pass(days: 1)
        #expect(try world.ends == [:])
        #expect(try world.withdraw() == .neverOptedIn)
    }

    @Test("stays where the setting is forever", arguments: Backend.allCases)
    func forever(_ backend: Backend) throws {
        var world = try world(backend)
        world.retention = Retention(days: nil)
        _ = try world.agree()
        try world.withdraw()
        #expect(try world.ends == [#"["1","",""]"#: nil, "withdrawal/0": nil])
        // Once it has another value, the next call goes by that, from the withdrawal on.
        world.pass(days: 4)
        world.retention = Retention(days: 10)
        #expect(try world.withdraw() == .alreadyWithdrawn)
        #expect(try world.ends == [#"["1","",""]"#: 6, "withdrawal/0": 7])
        world.retention = Retention(days: 2)
        try world.withdraw()
        #expect(try world.ends == [#"["1","",""]"#: 6, "withdrawal/0": 7], "an end that was given stays")
    }

    @Test("is over at once where the setting would have had it go before", arguments: Backend.allCases)
    func past(_ backend: Backend) throws {
        var world = try world(backend)
        world.retention = Retention(days: nil)
        _ = try world.agree()
        try world.withdraw()
        world.pass(days: 4000)
        world.retention = Retention(days: 10)
        try world.withdraw()
        #expect(try world.ends == ["withdrawal/0": 1])
    }

    @Test("may be more than a transaction holds", arguments: Backend.allCases)
    func many(_ backend: Backend) throws {
        let world = try world(backend)
        // As builds left them that knew of no withdrawals.
        let consents = (0..<150).map { number in
            Write.put(
                RecordKey(partition: "consent#anna", sort: "[\"\(number)\",\"\",\"\"]"),
                ["termsUrl": "", "privacyUrl": "", "version": "\(number)", "acceptedAt": "1700000000000"])
        }
        try world.test.store.transact(Array(consents[..<100]), in: world.invocation)
        try world.test.store.transact(Array(consents[100...]), in: world.invocation)
        guard case .withdrawn(let withdrawal) = try world.withdraw() else {
            Issue.record("they cannot withdraw")
            return
        }
        #expect(withdrawal.documents.count == 150)
        let ends = try world.ends
        #expect(ends.count == 151 && ends.filter { $0.value == 10 }.count == 150 && ends["withdrawal/0"] == 11)
    }

    @Test("has its end given by the next call, if the one that ended it was killed", arguments: Backend.allCases)
    func killed(_ backend: Backend) throws {
        let world = try world(backend)
        _ = try world.agree(to: "1")
        _ = try world.agree(to: "2")
        _ = try world.withdrawals.end("anna", at: world.test.now, in: world.invocation)
        #expect(try world.ends.values.allSatisfy { $0 == nil })
        // Killed again, after the first of two.
        let records = try world.consents.records(subject: "anna", in: world.invocation)
        let writes = try EndedConsents(records, of: "anna").expiring(at: world.test.now, keptFor: world.retention)
        try world.test.store.transact([writes[0][0]], in: world.invocation)
        world.pass(days: 3)
        #expect(try world.withdraw() == .alreadyWithdrawn)
        #expect(try world.ends == [#"["1","",""]"#: 7, #"["2","",""]"#: 7, "withdrawal/0": 8])
    }

    @Test("never goes before what it ends, be the setting shorter by then", arguments: Backend.allCases)
    func shorter(_ backend: Backend) throws {
        var world = try world(backend)
        _ = try world.agree()
        _ = try world.withdrawals.end("anna", at: world.test.now, in: world.invocation)
        let records = try world.consents.records(subject: "anna", in: world.invocation)
        let writes = try EndedConsents(records, of: "anna").expiring(at: world.test.now, keptFor: world.retention)
        try world.test.store.transact([writes[0][0]], in: world.invocation)
        world.retention = Retention(days: 2)
        try world.withdraw()
        #expect(try world.ends == [#"["1","",""]"#: 10, "withdrawal/0": 11])
    }

    @Test("has what came between reading and ending too", arguments: Backend.allCases)
    func between(_ backend: Backend) throws {
        let world = try world(backend)
        _ = try world.agree(to: "1")
        let read = try world.history
        _ = try world.agree(to: "2")
        // As a withdrawal does that has read before.
        let withdrawal = Withdrawal(of: read, at: world.test.now, linkedTo: nil)
        try world.test.store.transact([withdrawal.record], in: world.invocation)
        try world.withdraw()
        #expect(try world.ends == [#"["1","",""]"#: 10, #"["2","",""]"#: 10, "withdrawal/0": 11])
        world.pass(days: 20)
        #expect(try world.history.standing == [])
    }

    @Test("lets nothing in behind it", arguments: Backend.allCases)
    func behind(_ backend: Backend) throws {
        let world = try world(backend)
        _ = try world.agree(to: "1")
        let read = try world.history
        try world.withdraw()
        #expect(throws: StoreError.conditionFailed) {
            try world.consents.add(.version("2"), to: read, at: world.test.now, in: world.invocation)
        }
        #expect(try world.ends.count == 2)
    }

    @Test("leaves those alone who have opted in again, however long ago", arguments: Backend.allCases)
    func again(_ backend: Backend) throws {
        let world = try world(backend)
        _ = try world.agree()
        try world.withdraw()
        _ = try world.agree()
        world.pass(days: 3000)
        var history = try world.history
        #expect(history.consents.map { $0.period } == [1] && history.period == 1 && history.standing.count == 1)
        #expect(history.withdrawals == [])
        guard case .accepted = try world.agree(to: "2") else {
            Issue.record("other documents are not taken")
            return
        }
        try world.withdraw()
        history = try world.history
        #expect(history.period == 2 && history.withdrawals.map { $0.documents.count } == [2])
        world.pass(days: 12)
        #expect(try world.history.period == 0, "and then nothing is known of them")
    }

    @Test("takes whom they were at Ownli with it", arguments: Backend.allCases)
    func former(_ backend: Backend) throws {
        let world = try world(backend)
        guard case .accepted(let history) = try world.agree(),
            case .linked = try UserLinks(world.test.store).create(Self.link, agreedIn: history, in: world.invocation)
        else {
            Issue.record("they cannot opt in")
            return
        }
        try world.withdraw()
        world.pass(days: 10, seconds: Self.day - 1)
        #expect(try world.history.formerOwnliUserIDs == ["XT_1"])
        world.pass(days: 0, seconds: 1)
        #expect(try world.history.formerOwnliUserIDs == [])
        // From the beginning, as somebody new.
        guard case .accepted(let again) = try world.agree(),
            case .linked = try UserLinks(world.test.another).create(Self.link, agreedIn: again, in: world.invocation)
        else {
            Issue.record("they cannot opt in again")
            return
        }
        #expect(try world.history.standing.map { $0.period } == [0])
    }
}

extension ConsentDocuments {
    static func version(_ version: String) -> ConsentDocuments {
        ConsentDocuments(termsURL: "", privacyURL: "", version: version)
    }
}
