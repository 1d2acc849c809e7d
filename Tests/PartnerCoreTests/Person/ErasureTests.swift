import Testing

@testable import PartnerCore

@Suite("Erasing a person", .serialized)
struct ErasureTests {
    private let anna = PersonOfAll.anna
    private static let day = 86_400

    private func world(_ backend: Backend) throws -> ErasureWorld { try ErasureWorld(backend) }

    /// Her and others, and what is of the others.
    private func settled(_ backend: Backend) throws -> (world: ErasureWorld, others: [Record]) {
        let world = try world(backend)
        for other in PersonOfAll.others { try world.settle(other) }
        try world.relay()
        let before = try world.all()
        try world.settle(anna)
        let hers = try world.all().filter { record in !before.contains { $0.key == record.key } }
        for other in PersonOfAll.others { try world.tell(other.account, booking: 8, other.email) }
        return (world, try world.all().filter { record in !hers.contains { $0.key == record.key } })
    }

    private func count(_ report: ErasureReport, _ name: String) -> Int {
        report.counts.first { $0.name == name }?.count ?? 0
    }

    @Test("nothing of them is left anywhere, and others are as they were", arguments: Backend.allCases)
    func everything(_ backend: Backend) throws {
        let (world, others) = try settled(backend)
        #expect(others.count > 100)
        // The next day: what was spent of today's budget would stay.
        world.pass(seconds: Self.day)
        let report = try world.erase(anna.subject)
        // What is left goes by itself.
        let left = try world.places(of: anna.words).compactMap { $0.split(separator: "#").first }
        #expect(Set(left) == ["consent", "erasure"])
        world.pass(seconds: Self.day)
        #expect(try world.places(of: anna.words) == [])
        let after = try world.all()
        let changed = others.filter { !after.contains($0) }.map { $0.key }
        #expect(changed == [])
        #expect(world.revoked == ["at_\(anna.account)"])
        for (name, number) in [
            ("links", 1), ("consents", 2), ("withdrawals", 2), ("contactIntents", 1), ("connections", 1),
            ("begunConnections", 1), ("accountRecords", 4), ("rewards", 3),
        ] { #expect(count(report, name) == number, "\(name)") }
        #expect(count(report, "events") > 15 && count(report, "toldChanges") > 15)
    }

    @Test(
        "what proves a consent stays without them, for as long as it would have been kept", arguments: Backend.allCases)
    func consents(_ backend: Backend) throws {
        let world = try world(backend)
        try world.optIn(anna.subject, as: anna.former)
        let agreed = world.now
        try world.withdraw(anna.subject)
        let withdrawn = world.now
        let (consent, withdrawal) = try (
            #require(world.records("consent#\(anna.subject)").first),
            #require(world.records("consent#\(anna.subject)").last)
        )
        world.pass(seconds: 10)
        try world.erase(anna.subject)
        let proof = try world.records(world.erasedPartition)
        #expect(proof.count == 2)
        #expect(proof[0].key.sort.hasPrefix("consent/\(agreed.rfc3339)#"))
        #expect(proof[0].attributes == consent.attributes && proof[0].expires == consent.expires)
        #expect(proof[1].key.sort.hasPrefix("withdrawal/\(withdrawn.rfc3339)#"))
        #expect(withdrawal.attributes["ownliUserId"] == anna.former)
        #expect(proof[1].attributes == withdrawal.attributes.filter { $0.key != "ownliUserId" })
        #expect(proof[1].expires == withdrawal.expires && proof[1].expires != nil)
        // Whoever erases with another key, or another subject, finds another partition.
        #expect(try world.erasedPartitions.allSatisfy { $0.utf8.count == "erased#".utf8.count + 64 })
    }

    @Test("rewards of the first schema go the same way, with no migration before", arguments: Backend.allCases)
    func formerRewards(_ backend: Backend) throws {
        let test = try StoreFixture.filled(backend)
        let world = try ErasureWorld { try test.opened($0) }
        let (subject, user) = ("person-9e20", "XT_USRwh0i0ltdlfc4")
        let audit = RewardAudit(world.store)
        func listed() throws -> [RewardEntry] {
            try audit.entries(day: "2026-11-26", limit: 100, in: .forStore()).all()
        }
        let before = try listed()
        #expect(before.filter { $0.request.userID == user }.count == 3)
        try world.erase(subject, isForced: true)
        let left = try world.places(of: [subject, user]).map { $0.split(separator: "#")[0] }
        #expect(Set(left).isSubset(of: ["consent", "erasure"]))
        let erased = "erased:" + (try world.erasedPartition.dropFirst("erased#".count))
        let after = try listed()
        #expect(after.map { $0.request.clientReference } == before.map { $0.request.clientReference })
        #expect(after.filter { $0.request.userID == erased }.count == 3)
        #expect(after.filter { $0.request.userID != erased } == before.filter { $0.request.userID != user })
        for entry in try audit.entries(ownliUserID: erased, limit: 9, in: .forStore()).all() {
            let record = try #require(try world.store.get(entry.key, in: .forStore()))
            #expect(record.attributes["schema"] == "2")
            #expect(record.expires == entry.askedAt.adding(seconds: 3653 * 86_400))
        }
    }

    @Test("rewards stay without their user, and no order of theirs is granted again", arguments: Backend.allCases)
    func rewards(_ backend: Backend) throws {
        let world = try world(backend)
        try world.optIn(anna.subject, as: anna.ownliUserID)
        try world.reward(anna.ownliUserID, "1")
        try world.reward(anna.ownliUserID, "2", isGranted: false)
        let before = try RewardAudit(world.store).entries(
            ownliUserID: anna.ownliUserID, limit: 10, in: .forStore()
        ).entries
        #expect(before.count == 2)
        let expires = try world.records("reward#purchase#1").map { $0.expires }
        try world.erase(anna.subject)
        let audit = RewardAudit(world.store)
        let user = "erased:" + (try world.erasedPartition.dropFirst("erased#".count))
        let after = try audit.entries(ownliUserID: user, limit: 10, in: .forStore()).entries
        #expect(try audit.entries(day: world.now.day, limit: 10, in: .forStore()).entries == after)
        #expect(after.map { $0.request.userID } == [user, user])
        for (one, other) in zip(before, after) {
            #expect(one.request.amount == other.request.amount && one.askedAt == other.askedAt)
            #expect(one.request.clientReference == other.request.clientReference && one.origin == other.origin)
            #expect(one.state == other.state && one.rewardID == other.rewardID)
        }
        #expect(try world.records("reward#purchase#1").map { $0.expires } == expires && expires != [nil])
        #expect(try world.records("reward-user#\(anna.ownliUserID)") == [])
        for reference in ["1", "2"] {
            for id in [anna.ownliUserID, "XT_ANOTHER"] {
                #expect(try world.reward(id, reference) == .conflict)
            }
        }
    }

    @Test("a reward that is being granted while they are erased is settled, and given back, without them")
    func underWay() throws {
        let world = try world(.sqlite)
        try world.optIn(anna.subject, as: anna.ownliUserID)
        guard case .reserved(let granted) = try world.reward(anna.ownliUserID, "1", isGranted: false),
            case .reserved(let refused) = try world.reward(anna.ownliUserID, "2", isGranted: false)
        else {
            Issue.record("nothing was reserved")
            return
        }
        try world.erase(anna.subject)
        try world.ledger().settle(granted, as: "XT_DBR1", in: .forStore())
        try world.ledger().release(refused, in: .forStore())
        let entries = try world.all().filter { $0.key.partition.hasPrefix("reward") && $0.attributes["userId"] != nil }
        #expect(entries.count == 3 && entries.allSatisfy { $0.attributes["rewardId"] == "XT_DBR1" })
        world.pass(seconds: Self.day)
        // The budget of that day was theirs as long as it lasted.
        #expect(try world.places(of: anna.words) == ["reward-budget#2027-01-15 user/\(anna.ownliUserID)"])
    }

    @Test("an entry of a build that listed none by user is found, and gets its end")
    func firstSchema() throws {
        let world = try world(.sqlite)
        try world.optIn(anna.subject, as: anna.ownliUserID)
        let attributes = [
            "userId": anna.ownliUserID, "cents": "2510", "actionCode": "purchase", "clientReference": "old",
            "way": "sqs", "originId": "m", "askedAt": world.now.attribute, "state": "granted", "rewardId": "XT_DBR",
            "holder": "h",
        ]
        try world.put("reward#purchase#old", "entry", attributes)
        try world.put("reward-audit#\(world.now.day)", "\(world.now.rfc3339)#purchase#old", attributes)
        let report = try world.erase(anna.subject)
        #expect(count(report, "rewards") == 1)
        let entries = try world.all().filter { $0.attributes["clientReference"] == "old" }
        #expect(entries.count == 3)
        #expect(entries.allSatisfy { $0.attributes["userId"]?.hasPrefix("erased:") == true })
        #expect(entries.allSatisfy { $0.expires == world.rewardEnd })
        #expect(try world.records("reward#purchase#old")[0].attributes["holder"] == "h")
    }

    @Test(
        "an account that somebody else has by now stays theirs, and what came before goes", arguments: Backend.allCases)
    func handedOn(_ backend: Backend) throws {
        let world = try world(backend)
        try world.settle(anna)
        let berta = PersonOfAll(
            subject: "berta", account: anna.formerAccount, name: "Berta's", email: "guest.4@example.com", orders: "b")
        world.pass(seconds: 100)
        try world.connect(berta.account, of: berta)
        try world.happen(in: berta.account, of: berta)
        let hers = try world.all().filter { record in
            let text = record.key.partition + record.key.sort + record.attributes.map { $0.key + $0.value }.joined()
            return text.contains(berta.subject) || text.contains(berta.email)
        }
        #expect(hers.count > 8)
        // A checkpoint of hers has taken the place of Anna's, and there is one of Anna's besides.
        try world.put(
            "ownerrez-account#\(berta.account)", "checkpoint#guests", ["subject": anna.subject, "since": "1"])
        try world.erase(anna.subject)
        world.pass(seconds: Self.day)
        let after = try world.all()
        let changed = hers.filter { !after.contains($0) }.map { $0.key }
        #expect(changed == [])
        #expect(try world.places(of: [anna.subject, anna.email, "\(anna.account)", anna.name]) == [])
        let accounts = try world.records("ownerrez-account#\(berta.account)").map { $0.key.sort }
        #expect(accounts == ["checkpoint#bookings", "connection", "subscriptions"])
        #expect(world.revoked == ["at_\(anna.account)"], "hers is alive")
    }

    @Test(
        "what came while nobody had the account goes too, and says nothing of whose it was", arguments: Backend.allCases
    )
    func nobodys(_ backend: Backend) throws {
        let world = try world(backend)
        try world.connect(anna.account, of: anna)
        _ = try world.connector.connections.remove(
            world.connection(anna.account, of: anna), .disconnected, in: .forStore())
        try world.tell(anna.account, booking: 1, anna.email)
        try world.relay()
        let events = try world.records("ownerrez-events")
        #expect(events.map { $0.attributes["subject"] } == [anna.subject, anna.subject, nil])
        let report = try world.erase(anna.subject)
        #expect(report.lines.contains { $0.what == "OwnerRez account" && $0.id == "\(anna.account)" })
        #expect(count(report, "events") == 3)
        world.pass(seconds: Self.day)
        #expect(try world.places(of: anna.words) == [])
    }

    @Test("if OwnerRez cannot be told it stops there, and goes on when it is run again", arguments: Backend.allCases)
    func away(_ backend: Backend) throws {
        let world = try world(backend)
        try world.settle(anna)
        world.isOwnerRezAway.withLock { $0 = true }
        let error = try #require(throws: FunctionError.self) { try world.erase(anna.subject) }
        #expect(error.code == FunctionError.incompleteCode)
        #expect(!anna.words.contains { "\(error)".contains($0) })
        #expect(try world.connector.connections.stored(account: anna.account, in: .forStore()) != nil)
        #expect(try UserLinks(world.store).link(subject: anna.subject, in: .forStore()) == nil)
        world.isOwnerRezAway.withLock { $0 = false }
        world.pass(seconds: 60)
        try world.erase(anna.subject)
        world.pass(seconds: 2 * Self.day)
        try world.erase(anna.subject)
        #expect(try world.places(of: anna.words).filter { !$0.hasPrefix("reward-budget#") } == [])
    }

    @Test("whoever has to can forget a connection that OwnerRez cannot be told of", arguments: [true, false])
    func forced(isConfigured: Bool) throws {
        let world = try world(.sqlite)
        try world.connect(anna.account, of: anna)
        world.isOwnerRezAway.withLock { $0 = true }
        if !isConfigured {
            #expect(throws: FunctionError.ownerRezNotConfigured) {
                try world.erase(anna.subject, isConfigured: false)
            }
            #expect(try world.records("erasure") == [])
        }
        let report = try world.erase(anna.subject, isForced: true, isConfigured: isConfigured)
        #expect(report.lines.contains { $0.count == 1 && $0.became == "removed; OwnerRez could not be told" })
        #expect(count(report, "connections") == 1)
        world.pass(seconds: Self.day)
        #expect(try world.places(of: anna.words) == [])
    }

    @Test("a look at what would be done tells the same and changes nothing", arguments: Backend.allCases)
    func dryRun(_ backend: Backend) throws {
        let (world, _) = try settled(backend)
        world.pass(seconds: Self.day)
        let before = try world.all()
        let expected = try world.erase(anna.subject, isDryRun: true)
        let after = try world.all()
        #expect(before.count == after.count && before.allSatisfy { after.contains($0) })
        #expect(world.revoked == [])
        let report = try world.erase(anna.subject)
        for (name, number) in report.counts { #expect(count(expected, name) == number, "\(name)") }
        #expect(expected.counts.count == report.counts.count)
    }

    @Test("who is not known leaves no trace, and a repeat finds nothing", arguments: Backend.allCases)
    func nothing(_ backend: Backend) throws {
        let world = try world(backend)
        #expect(try world.erase("nobody").lines == [.nothing])
        #expect(try world.all() == [])
        try world.settle(anna)
        world.pass(seconds: Self.day)
        try world.erase(anna.subject)
        let before = try world.all()
        world.pass(seconds: 10)
        let report = try world.erase(anna.subject)
        #expect(report.lines == [.nothing] && report.counts.isEmpty)
        let after = try world.all()
        #expect(before.count == after.count && before.allSatisfy { after.contains($0) })
    }

    @Test("what came late is found by a run within a day", arguments: Backend.allCases)
    func late(_ backend: Backend) throws {
        let world = try world(backend)
        try world.settle(anna)
        world.pass(seconds: Self.day)
        try world.erase(anna.subject)
        // OwnerRez says that the app was disconnected, and somebody sends a reward by Ownli's id.
        try world.tell(anna.account, booking: 9, anna.email)
        try world.relay()
        try world.reward(anna.ownliUserID, "late")
        let report = try world.erase(anna.subject)
        #expect(count(report, "events") == 1 && count(report, "rewards") == 1)
        let done = try #require(
            world.all().first { $0.key.partition.hasPrefix("erasure#") && $0.key.sort == "done" })
        #expect(done.expires == ErasureWorld.retention.end(from: world.now))
        let counts = try json(#require(done.attributes["counts"]))
        #expect(counts["rewards"] == .integer(4) && counts["links"] == .integer(1))
        world.pass(seconds: Self.day)
        #expect(try world.places(of: anna.words).filter { !$0.hasPrefix("reward-budget#") } == [])
    }

    @Test("who comes back is a new person: the same subject, and nothing of before", arguments: Backend.allCases)
    func back(_ backend: Backend) throws {
        let world = try world(backend)
        for round in 0..<3 {
            #expect(try world.optIn(anna.subject, as: anna.ownliUserID))
            try world.reward(anna.ownliUserID, "\(round)")
            try world.connect(anna.account, of: anna)
            try world.erase(anna.subject)
            #expect(try UserLinks(world.store).link(subject: anna.subject, in: .forStore()) == nil)
            // In one round at once, in the next when nothing tells of the one before.
            if round == 1 { world.pass(seconds: 2 * Self.day) }
        }
        let proof = try world.records(world.erasedPartition).map { $0.key.sort }
        #expect(proof.filter { $0.hasPrefix("consent/") }.count == 3)
        #expect(proof.filter { $0.hasPrefix("withdrawal/") }.count == 3)
    }

    @Test("what a newer build has written stops it")
    func newer() throws {
        let world = try world(.sqlite)
        try world.settle(anna)
        var attributes = try #require(world.records("reward#purchase#a-1").first).attributes
        attributes["schema"] = "9"
        try world.put("reward#purchase#a-1", "entry", attributes)
        #expect(throws: FunctionError.self) { try world.erase(anna.subject) }
    }
}

extension ErasureWorld {
    fileprivate var rewardEnd: Timestamp? { Self.rewardRetention.end(from: now) }
}
