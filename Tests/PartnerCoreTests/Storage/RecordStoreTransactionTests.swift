import Testing

@testable import PartnerCore

/// Several writes that belong together, and what no backend may be handed.
@Suite("A transaction", .serialized)
struct RecordStoreTransactionTests {
    var invocation: Invocation { .forStore() }

    private func key(_ sort: String) -> RecordKey { RecordKey(partition: "p", sort: sort) }

    private func contents(_ test: StoreUnderTest) throws -> [String] {
        try test.another.list(partition: "p", in: invocation).map { "\($0.key.sort)=\($0.attributes["v"] ?? "")" }
    }

    @Test("does all of its writes", arguments: Backend.allCases)
    func all(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try test.store.put(key("a"), ["v": "1"], in: invocation)
        try test.store.put(key("b"), ["v": "1"], in: invocation)
        let revision = try #require(try test.store.get(key("a"), in: invocation)).revision
        try test.store.transact(
            [
                .put(key("a"), ["v": "2"], if: .ifRevision(revision)), .delete(key("b")),
                .put(key("c"), ["v": "2"], if: .ifAbsent), .delete(key("d"), if: .ifAbsent), .delete(key("e")),
            ], in: invocation)
        #expect(try contents(test) == ["a=2", "c=2"])
    }

    @Test("does nothing when one condition does not hold, wherever it stands", arguments: Backend.allCases)
    func nothing(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try test.store.put(key("a"), ["v": "1"], in: invocation)
        try test.store.put(key("b"), ["v": "1"], in: invocation)
        let failing: [Write] = [
            .put(key("a"), ["v": "no"], if: .ifAbsent), .put(key("a"), ["v": "no"], if: .ifRevision(1)),
            .put(key("x"), ["v": "no"], if: .ifRevision(1)), .delete(key("a"), if: .ifAbsent),
            .delete(key("a"), if: .ifRevision(1)), .delete(key("x"), if: .ifRevision(1)),
        ]
        for write in failing {
            let others: [Write] = [.put(key("b"), ["v": "no"]), .put(key("c"), ["v": "no"]), .delete(key("d"))]
            for place in 0...others.count {
                var writes = others
                writes.insert(write, at: place)
                #expect(throws: StoreError.conditionFailed) { try test.store.transact(writes, in: invocation) }
            }
        }
        #expect(try contents(test) == ["a=1", "b=1"])
        try test.store.put(key("a"), ["v": "2"], in: invocation)
        #expect(try contents(test) == ["a=2", "b=1"])
    }

    @Test("writes one record once", arguments: Backend.allCases)
    func twice(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        #expect(throws: StoreError.notStorable(reason: "a transaction writes one record twice")) {
            try test.store.transact([.put(key("a"), ["v": "1"]), .delete(key("a"))], in: invocation)
        }
        #expect(try contents(test) == [])
    }

    @Test("has up to a hundred writes", arguments: Backend.allCases)
    func hundred(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let writes = (0...100).map { Write.put(key("\($0)"), ["v": "1"]) }
        #expect(throws: StoreError.notStorable(reason: "a transaction has more than 100 writes")) {
            try test.store.transact(writes, in: invocation)
        }
        try test.store.transact(Array(writes.dropLast()), in: invocation)
        #expect(try contents(test).count == 100)
    }

    @Test("takes the longest key and the largest record, and nothing beyond", arguments: Backend.allCases)
    func limits(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let longest = String(repeating: "k", count: 1024)
        let largest = String(repeating: "v", count: 262_143)
        let key = RecordKey(partition: longest, sort: longest)
        try test.store.put(key, ["v": largest], in: invocation)
        #expect(try test.store.get(key, in: invocation)?.attributes == ["v": largest])

        let keyLimit = StoreError.notStorable(reason: "a part of a key is empty or longer than 1024 bytes")
        for part in ["", longest + "k"] {
            #expect(throws: keyLimit) { try test.store.get(RecordKey(partition: part, sort: "s"), in: invocation) }
            #expect(throws: keyLimit) { try test.store.delete(RecordKey(partition: "p", sort: part), in: invocation) }
            #expect(throws: keyLimit) { try test.store.list(partition: part, in: invocation) }
            #expect(throws: keyLimit) {
                try test.store.put(RecordKey(partition: part, sort: "s"), [:], in: invocation)
            }
        }
        #expect(throws: StoreError.notStorable(reason: "a record is larger than 262144 bytes")) {
            try test.store.put(key, ["vv": largest], in: invocation)
        }
    }

    @Test("has at most 2 MB, and no attribute without a name", arguments: Backend.allCases)
    func size(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let large = ["v": String(repeating: "v", count: 262_143)]
        let writes = (0..<9).map { Write.put(key("\($0)"), large) }
        #expect(throws: StoreError.notStorable(reason: "a transaction is larger than 2097152 bytes")) {
            try test.store.transact(writes, in: invocation)
        }
        try test.store.transact(Array(writes.dropLast()), in: invocation)
        #expect(try contents(test).count == 8)
        #expect(throws: StoreError.notStorable(reason: "an attribute has no name")) {
            try test.store.put(key("a"), ["": "v"], in: invocation)
        }
    }

    @Test("takes no NUL, which would cut a text short", arguments: Backend.allCases)
    func nul(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let refused = StoreError.notStorable(reason: "a text holds a NUL character")
        #expect(throws: refused) { try test.store.put(key("a\u{0}b"), [:], in: invocation) }
        #expect(throws: refused) { try test.store.put(key("a"), ["v": "a\u{0}b"], in: invocation) }
        #expect(throws: refused) { try test.store.put(key("a"), ["v\u{0}": "a"], in: invocation) }
        #expect(throws: refused) { try test.store.get(key("\u{0}"), in: invocation) }
    }

    @Test("has what is appended come after all that was, whatever the clock says", arguments: Backend.allCases)
    func append(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for number in 0..<6 {
            if number == 3 { test.setClock(to: test.now.later(by: -60_000)) }
            // SQLite has one order for all processes; the others have a clock in each.
            let store = backend == .sqlite && number.isMultiple(of: 2) ? test.another : test.store
            try store.transact([.append(partition: "p", ["is": "\(number)"])], in: invocation)
        }
        let records = try test.another.list(partition: "p", in: invocation)
        #expect(records.map { $0.attributes["is"] } == (0..<6).map { "\($0)" })
        #expect(records.allSatisfy { Arrival.time(in: $0.key.sort)?.epochSeconds == 1_800_000_000 })
        let once = RecordKey(partition: "q", sort: "once")
        try test.store.put(once, [:], in: invocation)
        #expect(throws: StoreError.conditionFailed) {
            try test.store.transact(
                [.append(partition: "p", ["is": "6"]), .put(once, [:], if: .ifAbsent)], in: invocation)
        }
        #expect(try test.another.list(partition: "p", in: invocation).count == 6)
    }
}
