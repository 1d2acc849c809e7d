import Testing

@testable import PartnerCore

/// 00..1f and 20..3f.
private let oldKey = ConnectionsUnderTest.keys
private let newKey = "k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

private func sealer(_ keys: String) -> TokenSealer {
    var settings = SettingsReader(Environment(["TOKEN_ENCRYPTION_KEYS": keys]))
    return TokenSealer(reading: &settings)
}

extension TokenReseal {
    fileprivate mutating func runAll() throws {
        while !isDone { try step(in: .forStore()) }
    }

    fileprivate var told: String { "\(resealed) \(sealedBefore) \(unreadableCount) \(left)" }
}

@Suite("Sealing tokens again", .serialized)
struct TokenResealTests {
    private static let accounts = [347_100_002, 347_100_003, 347_311_458, 347_482_730]

    /// The tokens of all accounts of the fixture, as a process with these keys reads them.
    private func tokens(_ store: RecordStore, _ keys: String) throws -> [Result<OwnerRezTokens, SealError>] {
        let connections = Connections(store, sealer(keys)) { StoreFixture.time }
        return try Self.accounts.map { try #require(try connections.stored(account: $0, in: .forStore())).tokens }
    }

    @Test(
        "leaves all of them under the first key, listed or not, so that the old one may go", arguments: Backend.allCases
    )
    func reseals(backend: Backend) throws {
        let test = try StoreFixture.filled(backend)
        func others() throws -> [Record] {
            try test.another.scanned(prefix: "", limit: { 1000 }, in: .forStore())
                .filter { !($0.key.partition.hasPrefix("ownerrez-account#") && $0.key.sort == "connection") }
        }
        let before = try tokens(test.store, oldKey).map { try $0.get() }
        let (othersBefore, accountsBefore) = (try others(), try connectionRecords(test))
        var dryRun = TokenReseal(test.store, sealer("\(newKey),\(oldKey)"))
        dryRun.isDryRun = true
        try dryRun.runAll()
        #expect(dryRun.told == "4 0 0 0")
        #expect(try connectionRecords(test) == accountsBefore)
        var run = TokenReseal(test.store, sealer("\(newKey),\(oldKey)"))
        try run.runAll()
        #expect(run.told == "4 0 0 0")
        let accounts = try connectionRecords(test)
        #expect(accounts.allSatisfy { $0.attributes["tokens"]?.hasPrefix("k2.") == true })
        #expect(accounts.map { rest($0) } == accountsBefore.map { rest($0) }, "nothing else of a connection is another")
        #expect(try others() == othersBefore)
        #expect(try tokens(test.another, newKey).map { try $0.get() } == before)
        var again = TokenReseal(test.store, sealer("\(newKey),\(oldKey)"))
        try again.runAll()
        #expect(again.told == "0 4 0 0")
        #expect(try connectionRecords(test) == accounts)
    }

    private func connectionRecords(_ test: StoreUnderTest) throws -> [Record] {
        try Self.accounts.map { account in
            try #require(try test.another.get(Connections.key(account: account), in: .forStore()))
        }
    }

    private func rest(_ record: Record) -> [String: String] { record.attributes.filter { $0.key != "tokens" } }

    @Test("leaves what it cannot open, and tells of which account and why, without a token")
    func unreadable() throws {
        let test = try StoreFixture.filled(.sqlite)
        func change(_ account: Int, _ name: String, _ value: String?) throws {
            let record = try #require(try test.store.get(Connections.key(account: account), in: .forStore()))
            var attributes = record.attributes
            attributes[name] = value
            try test.store.put(record.key, attributes, in: .forStore())
        }
        try change(347_100_002, "tokens", nil)
        let another = try #require(try test.store.get(Connections.key(account: 347_100_003), in: .forStore()))
        try change(347_311_458, "tokens", another.attributes["tokens"])
        try change(347_482_730, "schema", "2")
        try test.store.put(
            RecordKey(partition: "ownerrez-account#7", sort: "connection"), ["tokens": "k0.AAAA"], in: .forStore())
        try test.store.put(
            RecordKey(partition: "ownerrez-account#8", sort: "connection"),
            ["tokens": "k0." + String(repeating: "A", count: 60)], in: .forStore())
        let before = try test.store.scanned(prefix: "ownerrez-account#", limit: { 100 }, in: .forStore())
        var run = TokenReseal(test.store, sealer("\(newKey),\(oldKey)"))
        var told: [String] = []
        while !run.isDone {
            try run.step(in: .forStore())
            told += run.unreadable.map { "\($0.account): \($0.reason)" }
        }
        #expect(
            told == [
                "347100002: a record lacks its attribute tokens",
                "347311458: a stored token was changed, or sealed with another key of the same id",
                "347482730: a connection's record was written by a newer build",
                "7: a stored token is not sealed", "8: a stored token's key is not in TOKEN_ENCRYPTION_KEYS",
            ])
        #expect(run.told == "1 0 5 0")
        let after = try test.store.scanned(prefix: "ownerrez-account#", limit: { 100 }, in: .forStore())
        #expect(zip(before, after).filter { $0 != $1 }.map { $0.0.key.partition } == ["ownerrez-account#347100003"])
    }

    @Test("does not undo what a function writes at the same moment", arguments: Backend.allCases)
    func besideARenewal(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_0")
        let count = backend == .sqlite ? 200 : 10
        let results = concurrently(2) { index -> Int in
            var done = 0
            for number in 1...count {
                if index == 0 {
                    var run = TokenReseal(test.stores.another, sealer("\(newKey),\(oldKey)"))
                    if (try? run.runAll()) != nil { done += 1 }
                } else {
                    let tokens = OwnerRezTokens(access: Secret("at_\(number)"), refresh: nil, expires: nil)
                    while let stored = try? test.connections.stored(
                        account: ConnectionsUnderTest.account, in: .forStore())
                    {
                        if (try? test.connections.update(stored, tokens, in: .forStore())) != nil { break }
                    }
                    done += 1
                }
            }
            return done
        }
        #expect(results == [count, count])
        let connections = Connections(test.stores.store, sealer("\(newKey),\(oldKey)"))
        let stored = try #require(try connections.stored(account: ConnectionsUnderTest.account, in: .forStore()))
        #expect(try stored.tokens.get().access == Secret("at_\(count)"))
    }

    @Test("killed at each step leaves tokens that open, and another run seals the rest")
    func killed() throws {
        var steps = 1
        while true {
            let file = SharedFile()
            let store = try file.open(UpkeepProcess.Life(steps: .max)) { StoreFixture.time }
            for record in try StoreFixture().records() {
                try store.put(record.key, record.attributes, expires: record.expires, in: .forStore())
            }
            let before = try tokens(store, oldKey).map { try $0.get() }
            let life = UpkeepProcess.Life(steps: steps)
            var run = TokenReseal(try file.open(life) { StoreFixture.time }, sealer("\(newKey),\(oldKey)"))
            var isKilled = false
            do { try run.runAll() } catch is StoreError { isKilled = true }
            #expect(try tokens(store, "\(newKey),\(oldKey)").map { try $0.get() } == before, "step \(steps)")
            var second = TokenReseal(store, sealer("\(newKey),\(oldKey)"))
            try second.runAll()
            #expect(second.resealed + second.sealedBefore == 4)
            #expect(try tokens(store, newKey).map { try $0.get() } == before, "step \(steps)")
            guard isKilled else { break }
            steps += 1
        }
        #expect(steps > 4)
    }
}
