import Testing

@testable import PartnerCore

/// A migration over a store, with the retentions that the settings have by default.
private func migration(
    of store: RecordStore, at now: Timestamp, audit: Int? = 3653, consents: Int? = 1827, events: Int? = 90
) -> StoreMigration {
    let events = EventRetention(kept: Retention(days: events), givenUp: Retention(days: events))
    return StoreMigration(
        store, auditFor: Retention(days: audit), consentsFor: Retention(days: consents), eventsFor: events
    ) { now }
}

private func migration(_ test: StoreUnderTest) -> StoreMigration { migration(of: test.store, at: test.now) }

extension StoreMigration {
    fileprivate mutating func runAll() throws {
        while !isDone { try step(in: .forStore()) }
    }

    /// `rewards 6 0, keptEvents 10 0; 2 unreadable`
    fileprivate var told: String {
        let counts = Kind.allCases.compactMap { kind in
            count(kind) == Count() ? nil : "\(kind.rawValue) \(count(kind).migrated) \(count(kind).removed)"
        }
        return counts.joined(separator: ", ") + "; \(unreadableCount) unreadable, \(left) left"
    }
}

/// A record but for its revision.
private struct Content: Equatable, CustomStringConvertible {
    let record: Record

    init(_ record: Record) {
        self.record = Record(
            key: record.key, attributes: record.attributes, revision: 0, expires: record.expires)
    }

    var description: String {
        let attributes = record.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "\(record.key.partition)/\(record.key.sort) \(attributes) \(record.expires?.rfc3339 ?? "stays")"
    }
}

extension RecordStore {
    fileprivate func all() throws -> [Record] {
        try scanned(prefix: "", limit: { 1000 }, in: .forStore())
            .sorted { "\($0.key.partition)\u{0}\($0.key.sort)" < "\($1.key.partition)\u{0}\($1.key.sort)" }
    }

    fileprivate func contents() throws -> [Content] { try all().map { Content($0) } }
}

@Suite("A migration of the store", .serialized)
struct StoreMigrationTests {
    @Test("brings what an earlier build has written to today's shape, and leaves the rest", arguments: Backend.allCases)
    func fixture(backend: Backend) throws {
        let test = try StoreFixture.filled(backend)
        let before = try test.another.contents()
        var dryRun = migration(test)
        dryRun.isDryRun = true
        try dryRun.runAll()
        #expect(try test.another.contents() == before)
        var run = migration(test)
        try run.runAll()
        #expect(run.told == "rewards 6 0, consents 3 0, keptEvents 10 0, givenUpEvents 1 1; 0 unreadable, 0 left")
        // A scan may come upon what the migration has made.
        #expect(dryRun.told == run.told && dryRun.seen == before.count && run.seen >= before.count)
        let after = try test.another.all()
        // Listed by user, by everything that the two other records say.
        let entries = try RewardAudit(test.store).entries(day: "2026-11-26", limit: 100, in: .forStore()).entries
        for user in ["XT_USRyrp9nhgwryq3", "XT_USRwh0i0ltdlfc4"] {
            let listed = try RewardAudit(test.store).entries(ownliUserID: user, limit: 100, in: .forStore()).entries
            #expect(listed == entries.filter { $0.request.userID == user } && listed.count == 3)
        }
        for record in after where record.key.partition.hasPrefix("reward") {
            guard !record.key.partition.hasPrefix("reward-budget#") else { continue }
            let entry = try RewardEntry(record)
            #expect(record.expires == entry.askedAt.adding(seconds: 3653 * 86_400))
            #expect(record.attributes["schema"] == "2")
        }
        let counted = after.filter { $0.attributes["countedForAll"] == "counted" }
        #expect(counted.count == 5 && counted.allSatisfy { $0.key.partition.hasPrefix("reward#") })
        // What was withdrawn goes, with its withdrawal behind it; what stands stays.
        for (subject, ends) in [
            ("person-3b55", [1827, 1828]), ("person-9e20", [nil, 1827, 1828]), ("person-old", [nil]),
        ] {
            let records = try test.store.list(partition: "consent#\(subject)", in: .forStore())
            let withdrawnAt = records.compactMap { $0.attributes["withdrawnAt"].flatMap { Timestamp(attribute: $0) } }
            let expected = ends.map { days in days.map { withdrawnAt[0].adding(seconds: $0 * 86_400) } }
            let order = { (time: Timestamp?) in time?.epochMilliseconds ?? 0 }
            #expect(records.map { $0.expires }.sorted { order($0) < order($1) } == expected)
            #expect(records.allSatisfy { $0.attributes["schema"] == "2" && $0.attributes["period"] != nil })
        }
        for record in after where ["ownerrez-events", "ownerrez-given-up"].contains(record.key.partition) {
            let receivedAt = try #require(Arrival.time(in: record.key.sort))
            #expect(record.expires == receivedAt.adding(seconds: 90 * 86_400))
        }
        let kinds = ["reward", "consent#", "ownerrez-events", "ownerrez-given-up"]
        func others(_ all: [Content]) -> [Content] {
            all.filter { content in !kinds.contains { content.record.key.partition.hasPrefix($0) } }
        }
        #expect(try others(test.another.contents()) == others(before))
        var again = migration(test)
        try again.runAll()
        #expect(again.told == "; 0 unreadable, 0 left")
        #expect(try test.another.all() == after, "not a revision is another")
    }

    @Test("leaves what is kept for good without an end", arguments: Backend.allCases)
    func forGood(backend: Backend) throws {
        let test = try StoreFixture.filled(backend)
        var run = migration(of: test.store, at: test.now, audit: nil, consents: nil, events: nil)
        try run.runAll()
        #expect(run.told == "rewards 6 0, consents 1 0; 0 unreadable, 0 left")
        let kinds = ["reward#", "reward-audit#", "reward-user#", "consent#", "ownerrez-events", "ownerrez-given-up"]
        let ends = try test.another.all().filter { record in kinds.contains { record.key.partition.hasPrefix($0) } }
        #expect(ends.count == 38 && ends.allSatisfy { $0.expires == nil })
    }

    @Test("removes what should be gone by now", arguments: Backend.allCases)
    func over(backend: Backend) throws {
        let test = try StoreFixture.filled(backend)
        test.setClock(to: StoreFixture.time.adding(seconds: 5000 * 86_400))
        var run = migration(test)
        try run.runAll()
        #expect(run.told == "rewards 0 6, consents 3 0, keptEvents 0 10, givenUpEvents 0 2; 0 unreadable, 0 left")
        test.setClock(to: test.now.adding(seconds: 86_400))
        let left = try Set(test.another.all().map { String($0.key.partition.split(separator: "#")[0]) })
        #expect(
            left.isDisjoint(with: ["reward", "reward-audit", "reward-user", "ownerrez-events", "ownerrez-given-up"]))
        let consents = try test.another.all().filter { $0.key.partition.hasPrefix("consent#") }
        #expect(consents.count == 4 && consents.allSatisfy { $0.expires == nil && $0.key.sort.hasPrefix("[") })
    }

    @Test("tells what it cannot read, by its key and without what is in it")
    func unreadable() throws {
        let file = try StoreFixture()
        let tool = try SQLiteConnection(unprepared: file.path)
        for (attributes, place) in [
            ("[1]", "partition = 'reward#purchase#order-1'"), ("{}", "partition = 'reward#purchase#order-2'"),
            (#"{"schema":"99","secret":"Ada"}"#, "partition = 'reward#purchase#order-3'"),
            (#"{"schema":"3"}"#, "partition = 'consent#person-3b55' AND sort LIKE 'withdrawal%'"),
            ("7", "partition = 'link#person-old'"),
            (#"{"schema":"2","event":"Ada"}"#, "partition = 'ownerrez-given-up' AND sort < '179'"),
        ] {
            _ = try tool.runOnce("UPDATE records SET attributes = '\(attributes)' WHERE \(place)")
        }
        let spoiled = try file.records()
        var run = migration(of: try file.store(), at: StoreFixture.time)
        var told: [RecordKey] = []
        var reasons: [String] = []
        while !run.isDone {
            try run.step(in: .forStore())
            told += run.unreadable.map { $0.key }
            reasons += run.unreadable.map { "\($0.key.partition): \($0.reason)" }
        }
        #expect(
            reasons == [
                "consent#person-3b55: a consent's record was written by a newer build",
                "link#person-old: it is in no form of ours",
                "ownerrez-given-up: a waiting event's record was written by a newer build",
                "reward#purchase#order-1: it is in no form of ours",
                "reward#purchase#order-2: a record lacks its attribute cents",
                "reward#purchase#order-3: a reward's record was written by a newer build",
            ])
        #expect(run.told == "rewards 3 0, consents 2 0, keptEvents 10 0, givenUpEvents 1 0; 6 unreadable, 0 left")
        let left = spoiled.filter { told.contains($0.key) }
        #expect(try file.records().filter { told.contains($0.key) } == left && left.count == 6)
    }
}

/// Whatever is in a store, and wherever a run is cut off: in the end it is as if nothing had been.
@Suite("A migration, whatever happens", .serialized)
struct StoreMigrationPropertyTests {
    private static let day = 86_400

    /// Records as the build before wrote them, and as this one does, of all ages.
    private func lay(_ random: inout SeededRandom, in store: RecordStore, at now: Timestamp) throws {
        for number in 0..<random.number(0...12) {
            let askedAt = now.adding(seconds: -random.number(0...4500) * Self.day - number)
            let request = RewardRequest(
                userID: "XT_\(random.number(1...3))", amount: Cents(random.number(1...5000)), actionCode: "purchase",
                clientReference: "order #\(number)")
            let asked = RewardEntry(request, from: Origin(.direct, name: nil, id: "r"), askedAt: askedAt)
            let entry = random.once(in: 3) ? asked : asked.granted(as: "XT_DBR\(number)")
            guard !random.once(in: 3) else {
                let retention = Retention(days: 3653)
                guard retention.end(from: askedAt)! > now else { continue }
                try store.transact(entry.writes(besides: [:], if: .ifAbsent, keptFor: retention), in: .forStore())
                continue
            }
            var attributes = entry.attributes
            attributes["schema"] = nil
            try store.put(entry.keyByDay, attributes, in: .forStore())
            attributes["holder"] = "h\(number)"
            if random.once(in: 2) { attributes["countedForAll"] = "counted" }
            try store.put(entry.key, attributes, in: .forStore())
        }
        for number in 0..<random.number(0...4) {
            let subject = "person-\(number)"
            let withdrawals = Withdrawals(store, keptFor: Retention(days: nil))
            let began = now.adding(seconds: -random.number(100...3000) * Self.day)
            for period in 0..<random.number(1...3) {
                for version in 0..<random.number(1...2) {
                    let documents = ConsentDocuments(termsURL: "t", privacyURL: "p", version: "\(version)")
                    _ = try Consents(store).record(
                        of: documents, by: subject, at: began.adding(seconds: period * Self.day), in: .forStore())
                }
                guard random.once(in: 2) else { break }
                let end = began.adding(seconds: period * Self.day + 60)
                _ = try withdrawals.withdraw(subject: subject, at: end, in: .forStore())
            }
            guard random.once(in: 2) else { continue }
            for record in try store.list(partition: "consent#\(subject)", in: .forStore()) {
                guard record.attributes["period"] == "0", record.attributes["acceptedAt"] != nil else { continue }
                var attributes = record.attributes
                attributes["schema"] = nil
                attributes["period"] = nil
                try store.put(record.key, attributes, in: .forStore())
            }
        }
        for number in 0..<random.number(0...12) {
            let receivedAt = now.adding(seconds: -random.number(0...120) * Self.day - number)
            let partition = random.once(in: 2) ? EventInbox.kept : EventInbox.givenUp
            let key = RecordKey(
                partition: partition, sort: "\(receivedAt.epochMilliseconds)-000\(String(repeating: "a", count: 12))")
            let expires = random.once(in: 3) ? now.adding(seconds: Self.day) : nil
            try store.put(key, ["event": "{\"n\":\(number)}"], expires: expires, in: .forStore())
        }
        try store.put(RecordKey(partition: "link#person-0", sort: "ownli"), ["ownliUserId": "XT_1"], in: .forStore())
    }

    @Test("twice is once", arguments: Backend.allCases)
    func twice(backend: Backend) throws {
        for seed in 0..<(backend == .sqlite ? 40 : 4) {
            var random = SeededRandom(seed: UInt64(seed))
            let test = try StoreUnderTest(backend)
            try lay(&random, in: test.store, at: test.now)
            var run = migration(test)
            try run.runAll()
            let once = try test.another.all()
            var again = migration(test)
            try again.runAll()
            #expect(again.told == "; 0 unreadable, 0 left", "seed \(seed)")
            #expect(try test.another.all() == once, "seed \(seed)")
            // Nothing is left as it was before, and nothing that counts is lost.
            for record in once
            where record.key.partition.hasPrefix("reward#") || record.key.partition == "ownerrez-events" {
                #expect(record.expires != nil, "seed \(seed)")
            }
            for record in once where record.key.partition.hasPrefix("reward#") {
                let entry = try RewardEntry(record)
                for key in [entry.keyByDay, entry.keyByUser] {
                    let beside = try #require(try test.store.get(key, in: .forStore()), "seed \(seed)")
                    #expect(try RewardEntry(beside) == entry && beside.expires == record.expires, "seed \(seed)")
                }
            }
        }
    }

    @Test("beside a ledger that settles the same rewards it loses none of their answers", arguments: Backend.allCases)
    func besideALedger(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let count = backend == .sqlite ? 200 : 12
        let requests = (0..<count).map { number in
            RewardRequest(
                userID: "XT_1", amount: Cents(100), actionCode: "purchase", clientReference: "order-\(number)")
        }
        for request in requests {
            let entry = RewardEntry(request, from: Origin(.direct, name: nil, id: "r"), askedAt: test.now)
            var attributes = entry.attributes
            attributes["schema"] = nil
            try test.store.transact([.put(entry.key, attributes), .put(entry.keyByDay, attributes)], in: .forStore())
        }
        let settled = concurrently(2) { index -> Int in
            guard index == 1 else {
                for _ in 0..<3 {
                    var run = migration(test)
                    do { try run.runAll() } catch { Issue.record(error) }
                }
                return 0
            }
            let ledger = RewardLedger(test.another, limits: RewardLimits(), keptFor: Retention(days: 3653)) { test.now }
            return requests.filter { request in
                let origin = Origin(.direct, name: nil, id: "again")
                guard case .reserved(let reservation)? = try? ledger.reserve(request, from: origin, in: .forStore())
                else { return false }
                return (try? ledger.settle(reservation, as: "XT_DBR", in: .forStore())) != nil
            }.count
        }
        #expect(settled.sorted() == [0, count])
        let audit = RewardAudit(test.store)
        let listed = try audit.entries(ownliUserID: "XT_1", limit: 1000, in: .forStore()).entries
        #expect(listed.count == count && listed.allSatisfy { $0.state == .granted && $0.origin.id == "r" })
        #expect(try audit.entries(day: test.now.day, limit: 1000, in: .forStore()).entries == listed)
        for entry in listed {
            #expect(try test.store.get(entry.key, in: .forStore()).map { try RewardEntry($0) } == entry)
        }
    }

    @Test("killed at each step over SQLite it leaves what reads well, and what another run completes")
    func killedOverSQLite() throws {
        for seed in 0..<2 {
            let whole = try migrated(seed: seed)
            var steps = 1
            while try dies(seed: seed, at: steps, insteadOf: whole, over: SharedFile().open) { steps += 1 }
            #expect(steps > 2)
        }
    }

    @Test(
        "killed at each step over DynamoDB, with or without the step's effect",
        .enabled(if: Backend.allCases.contains(.dynamoDB)))
    func killedOverDynamoDB() throws {
        let whole = try migrated(seed: 3)
        var steps = 1
        while try dies(seed: 3, at: steps, insteadOf: whole, over: SharedTable().open) { steps += 1 }
        #expect(steps > 2)
    }

    private typealias Opening = (UpkeepProcess.Life, @escaping @Sendable () -> Timestamp) throws -> RecordStore

    private let now = Timestamp(epochSeconds: 1_800_000_000)

    /// What a migration leaves that nobody kills.
    private func migrated(seed: Int) throws -> [Content] {
        let store = try StoreUnderTest(.sqlite).store
        var random = SeededRandom(seed: UInt64(seed))
        try lay(&random, in: store, at: now)
        var run = migration(of: store, at: now)
        try run.runAll()
        return try store.contents()
    }

    /// Runs a migration that is killed, and then another one.
    ///
    /// - Returns: whether it was killed before its end.
    private func dies(
        seed: Int, at steps: Int, insteadOf whole: [Content], over open: Opening
    ) throws -> Bool {
        let now = now
        let standing = try open(UpkeepProcess.Life(steps: .max)) { now }
        var random = SeededRandom(seed: UInt64(seed))
        try lay(&random, in: standing, at: now)
        let consents = Consents(standing)
        func agreed() throws -> [[Consent]] {
            try (0..<4).map { try consents.history(subject: "person-\($0)", in: .forStore()).standing }
        }
        let before = try agreed()
        let life = UpkeepProcess.Life(steps: steps)
        var killed = migration(of: try open(life) { now }, at: now)
        var isKilled = false
        do { try killed.runAll() } catch is StoreError { isKilled = true }
        #expect(isKilled == life.isOver, "seed \(seed), step \(steps)")
        #expect(try agreed() == before, "seed \(seed), step \(steps)")
        let audit = RewardAudit(standing)
        for record in try standing.all() where record.key.partition.hasPrefix("reward#") {
            let entry = try RewardEntry(record)
            let beside = try #require(try standing.get(entry.keyByDay, in: .forStore()), "seed \(seed), step \(steps)")
            #expect(try RewardEntry(beside) == entry, "seed \(seed), step \(steps)")
            let listed = try audit.entries(ownliUserID: entry.request.userID, limit: 100, in: .forStore()).entries
            #expect(listed.contains(entry) == (record.expires != nil), "seed \(seed), step \(steps)")
        }
        var run = migration(of: standing, at: now)
        try run.runAll()
        #expect(try standing.contents() == whole, "seed \(seed), step \(steps)")
        return isKilled
    }
}
