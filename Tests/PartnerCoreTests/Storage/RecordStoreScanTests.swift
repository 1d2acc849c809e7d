import CSQLite
import Testing

@testable import PartnerCore

extension RecordStore {
    /// All pages of a scan.
    ///
    /// - Parameters:
    ///   - limit: how many records the next page may hold.
    ///   - between: what happens between two pages.
    func scanned(
        prefix: String, limit: () -> Int, between: () throws -> Void = {}, in invocation: Invocation
    ) throws -> [Record] {
        var records: [Record] = []
        var next: RecordKey?
        repeat {
            let limit = limit()
            let page = try scan(prefix: prefix, after: next, limit: limit, in: invocation)
            #expect(page.records.count <= limit)
            records += page.records
            next = page.next
            if next != nil { try between() }
        } while next != nil
        return records
    }
}

private func inOrder(_ keys: [RecordKey]) -> [RecordKey] {
    keys.sorted {
        $0.partition == $1.partition
            ? $0.sort.utf8.lexicographicallyPrecedes($1.sort.utf8)
            : $0.partition.utf8.lexicographicallyPrecedes($1.partition.utf8)
    }
}

/// What every backend has to do alike, whoever else writes.
@Suite("A scan of a store", .serialized)
struct RecordStoreScanTests {
    /// Some are the beginning of others, some mean something in a pattern, and some are the last of their kind.
    private static let prefixes = [
        "link#", "link", "ownerrez-account#", "100%", "100", "a_b", "a_", "a?*", "reward#Café", "reward#Cafe\u{301}",
        "日本#", "\u{7f}", "\u{FFFF}", "x\u{10FFFF}", "\u{10FFFF}", "\u{10FFFF}\u{10FFFF}", "'; --", "\\", "é",
    ]

    @Test("sees each record that stands exactly once, while others come and go", arguments: Backend.allCases)
    func everyOnce(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for seed in 0..<(backend == .sqlite ? 40 : 6) {
            var random = SeededRandom(seed: UInt64(seed))
            func key() -> RecordKey {
                // No two seeds share a record: what one has left is no other's.
                let tail = ["", "#\(random.number(0...9))", "\u{10FFFF}", "\u{301}"].randomElement(using: &random)!
                let prefix = Self.prefixes.randomElement(using: &random)!
                return RecordKey(partition: prefix + tail, sort: "\(seed)/\(random.number(0...9_999))")
            }
            var standing: Set<ExactText> = []
            var keys: [RecordKey] = []
            for _ in 0..<60 {
                let key = key()
                guard standing.insert(ExactText("\(key)")).inserted else { continue }
                keys.append(key)
                try test.store.put(key, ["is": key.sort], in: .forStore())
            }
            let prefix = random.once(in: 4) ? "" : Self.prefixes.randomElement(using: &random)!
            var moving: [RecordKey] = []
            let found = try test.store.scanned(
                prefix: prefix, limit: { random.number(1...(random.once(in: 2) ? 4 : 60)) },
                between: {
                    for _ in 0..<random.number(0...3) {
                        if let gone = moving.popLast(), random.once(in: 2) {
                            try test.another.delete(gone, in: .forStore())
                            continue
                        }
                        let key = key()
                        guard !standing.contains(ExactText("\(key)")) else { continue }
                        try test.another.put(key, ["is": "moving"], in: .forStore())
                        moving.append(key)
                    }
                }, in: .forStore())
            let ours = found.filter { $0.key.sort.hasPrefix("\(seed)/") }
            let stood = ours.filter { standing.contains(ExactText("\($0.key)")) }
            #expect(
                inOrder(stood.map { $0.key }) == inOrder(keys.filter { $0.partition.hasPrefix(prefix) }),
                "seed \(seed), prefix \(prefix)")
            #expect(stood.allSatisfy { $0.attributes == ["is": $0.key.sort] })
            #expect(found.allSatisfy { $0.key.partition.hasPrefix(prefix) })
        }
    }

    @Test("does not see what has expired", arguments: Backend.allCases)
    func expired(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for number in 0..<9 {
            let expires = [nil, test.now, test.now.later(by: 1)][number % 3]
            try test.store.put(RecordKey(partition: "p", sort: "\(number)"), [:], expires: expires, in: .forStore())
        }
        let found = try test.another.scanned(prefix: "p", limit: { 2 }, in: .forStore())
        #expect(inOrder(found.map { $0.key }).map { $0.sort } == ["0", "2", "3", "5", "6", "8"])
        #expect(found.compactMap { $0.expires } == Array(repeating: test.now.later(by: 1), count: 3))
    }

    @Test("does not see what a store keeps for itself", arguments: Backend.allCases)
    func appended(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try test.store.transact([.append(partition: "queue", ["a": "1"])], in: .forStore())
        let found = try test.another.scanned(prefix: "", limit: { 10 }, in: .forStore())
        #expect(found.map { $0.attributes } == [["a": "1"]])
    }

    @Test("of an empty store has one page, of which nothing follows", arguments: Backend.allCases)
    func empty(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        #expect(
            try test.store.scan(prefix: "", limit: 10, in: .forStore()) == RecordPage(records: [], next: nil))
    }

    @Test("takes no prefix and no place that could not be one of a key's")
    func refused() throws {
        let store = try StoreUnderTest(.sqlite).store
        for prefix in ["a\0", String(repeating: "a", count: 1_025)] {
            #expect(throws: StoreError.self) { try store.scan(prefix: prefix, limit: 1, in: .forStore()) }
        }
        #expect(throws: StoreError.self) {
            try store.scan(prefix: "", after: RecordKey(partition: "", sort: "s"), limit: 1, in: .forStore())
        }
    }
}

@Suite("A scan's requests")
struct RecordStoreScanRequestTests {
    private let key = RecordKey(partition: "p", sort: "s")

    @Test("SQLite finds a page by the primary key, and has nothing to sort")
    func plan() throws {
        let directory = TestDirectory()
        let store = try SQLiteStore(path: directory.path + "/partner.sqlite")
        try store.withConnection(in: .forStore()) { (connection) throws(StoreError) in
            var statement: OpaquePointer?
            sqlite3_prepare_v2(
                connection.handle, "EXPLAIN QUERY PLAN " + SQLiteQuery.scan.sql, -1, &statement, nil)
            defer { sqlite3_finalize(statement) }
            var steps: [String] = []
            while sqlite3_step(statement) == SQLITE_ROW {
                steps.append(String(cString: sqlite3_column_text(statement, 3)))
            }
            #expect(steps == ["SEARCH records USING PRIMARY KEY ((partition,sort)>(?,?))"])
        }
    }

    @Test("SQLite: a record in no form of ours does not keep the others from a scan")
    func unreadableSQLite() throws {
        let directory = TestDirectory()
        let store = RecordStore.sqlite(try SQLiteStore(path: directory.path + "/partner.sqlite"))
        for sort in ["1", "2", "3"] {
            try store.put(RecordKey(partition: "p", sort: sort), [:], in: .forStore())
        }
        let tool = try SQLiteConnection(unprepared: directory.path + "/partner.sqlite")
        _ = try tool.runOnce("UPDATE records SET attributes = '[1]' WHERE sort = '2'")
        let found = try store.scanned(prefix: "p", limit: { 1 }, in: .forStore())
        #expect(found.map { $0.key.sort } == ["1", "2", "3"])
        #expect(found.map { $0.attributes } == [[:], [Record.unreadable: "[1]"], [:]])
    }

    @Test("DynamoDB is asked for a prefix, consistently, from where it ended; a page may be empty, or hold other forms")
    func dynamoDB() throws {
        let foreign = #"{"partition":{"S":"p"},"sort":{"S":"1"},"attributes":{"M":{"a":{"N":"1"}}}}"#
        let good = #"{"partition":{"S":"p"},"sort":{"S":"2"},"attributes":{"M":{}},"revision":{"N":"1"}}"#
        let end = #"{"partition":{"S":"p"},"sort":{"S":"s"}}"#
        let upstream = try AWSUpstream([
            .json(200, #"{"Items":[],"Count":0,"ScannedCount":7,"LastEvaluatedKey":\#(end)}"#),
            .json(200, #"{"Items":[\#(foreign),\#(good)],"Count":2,"ScannedCount":7}"#),
        ])
        var settings = SettingsReader(Environment(upstream.environment))
        let store = RecordStore.dynamoDB(DynamoDBStore(table: "records", reading: &settings))
        #expect(
            try store.scan(prefix: "p#", limit: 7, in: .forStore()) == RecordPage(records: [], next: key))
        let page = try store.scan(prefix: "", after: key, limit: 7, in: .forStore())
        #expect(page.records.map { $0.attributes } == [[Record.unreadable: foreign], [:]])
        #expect(page.next == nil)
        let filter =
            ##""FilterExpression":"begins_with(#partition, :prefix)","ExpressionAttributeNames":{"#partition":"partition"},"ExpressionAttributeValues":{":prefix":{"S":"p#"}}"##
        #expect(
            upstream.bodies("Scan") == [
                #"{"ConsistentRead":true,"Limit":7,\#(filter),"TableName":"records"}"#,
                #"{"ConsistentRead":true,"Limit":7,"ExclusiveStartKey":\#(end),"TableName":"records"}"#,
            ])
    }

    /// A document that the query of the group finds.
    private func found(_ path: String, _ fields: String) -> String {
        let name = "projects/partner-test/databases/records/documents/" + path
        let times = #""createTime":"2027-01-15T08:00:00Z","updateTime":"2027-01-15T08:00:00Z""#
        return #"{"document":{"name":"\#(name)","fields":{\#(fields)},\#(times)},"readTime":"2027-01-15T08:00:01Z"}"#
    }

    @Test("Firestore is asked for the group by the documents' names; what is somebody else's is passed over")
    func firestore() throws {
        let place = #""partition":{"stringValue":"p"},"sort":{"stringValue":"s"}"#
        let ours = found(key.firestorePath, place)
        let others = [
            found("shops/1/records/a", #""price":{"integerValue":"7"}"#), found("shops/1/records/b", place),
        ]
        let last = #"{"readTime":"2027-01-15T08:00:01Z"}"#
        let upstream = try GoogleUpstream([
            .json(200, "[\(others.joined(separator: ","))]"), .json(200, "[\(ours),\(others[0])]"),
            .json(200, "[\(others[0])]"), .json(200, "[\(last)]"),
        ])
        let store = try upstream.store()
        let page = try store.scan(prefix: "p", limit: 2, in: .forStore())
        #expect(page.records.map { $0.attributes } == [[Record.unreadable: "{\(place)}"]])
        #expect(page.next == key)
        #expect(
            try store.scan(prefix: "p", after: page.next, limit: 2, in: .forStore())
                == RecordPage(records: [], next: nil))
        #expect(
            try store.scan(prefix: "", after: page.next, limit: 500, in: .forStore())
                == RecordPage(records: [], next: nil))
        let query =
            #"{"structuredQuery":{"from":[{"collectionId":"records","allDescendants":true}],"orderBy":[{"field":{"fieldPath":"__name__"},"direction":"ASCENDING"}],"limit":"#
        func start(_ path: String) -> String {
            let name = "projects/partner-test/databases/records/documents/" + path
            return #","startAt":{"values":[{"referenceValue":"\#(name)"}],"before":false}}}"#
        }
        #expect(
            upstream.bodies("runQuery") == [
                query + "2}}", query + "2" + start("shops/1/records/b"), query + "2" + start(key.firestorePath),
                query + "50" + start(key.firestorePath),
            ])
        #expect(
            upstream.calls.allSatisfy {
                $0.path == "/v1/projects/partner-test/databases/records/documents:runQuery"
            })
    }
}
