import Testing

@testable import PartnerCore

/// What every backend has to do alike.
@Suite("A record store", .serialized)
struct RecordStoreConformanceTests {
    var invocation: Invocation { .forStore() }
    let key = RecordKey(partition: "p", sort: "s")

    @Test("what is put is got again, whatever the text", arguments: Backend.allCases)
    func roundTrip(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let texts = [
            "plain", "", "\"quoted\" \\ '; DROP TABLE records; --", "line\nbreak\ttab\r\u{1}\u{7f}", "👩‍👩‍👧‍👦 ÅÅ \u{200F}",
            "\u{FFFE}\u{FFFF}\u{10FFFF}", "%00 $ne {\"a\":1}", "1", "null",
        ]
        for (index, text) in texts.enumerated() {
            let key = RecordKey(partition: "p\(text)", sort: "s\(text)")
            let expires = index.isMultiple(of: 2) ? Timestamp(epochMilliseconds: 4_000_000_000_123) : nil
            try test.store.put(key, ["name": text, "n\(text)": "value"], expires: expires, in: invocation)
            for store in [test.store, test.another] {
                let record = try #require(try store.get(key, in: invocation))
                #expect(record.key == key)
                #expect(record.attributes == ["name": text, "n\(text)": "value"])
                #expect(record.expires == expires)
            }
        }
        try test.store.put(key, [:], in: invocation)
        #expect(try test.store.get(key, in: invocation)?.attributes == [:])
    }

    @Test("what was never put is absent", arguments: Backend.allCases)
    func absent(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        #expect(try test.store.get(key, in: invocation) == nil)
        #expect(try test.store.delete(key, in: invocation) == nil)
        #expect(try test.store.list(partition: "p", in: invocation) == [])
        try test.store.transact([], in: invocation)
    }

    @Test("a put replaces all that was there, and makes another revision", arguments: Backend.allCases)
    func replace(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try test.store.put(key, ["a": "1", "b": "2"], expires: test.now.later(by: 5), in: invocation)
        let first = try #require(try test.store.get(key, in: invocation))
        try test.store.put(key, ["a": "3"], in: invocation)
        let second = try #require(try test.store.get(key, in: invocation))
        #expect(second.attributes == ["a": "3"])
        #expect(second.expires == nil)
        #expect(second.revision != first.revision)
    }

    @Test("a put if absent leaves what is there", arguments: Backend.allCases)
    func ifAbsent(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try test.store.put(key, ["a": "first"], if: .ifAbsent, in: invocation)
        #expect(throws: StoreError.conditionFailed) {
            try test.another.put(key, ["a": "second"], if: .ifAbsent, in: invocation)
        }
        #expect(try test.store.get(key, in: invocation)?.attributes == ["a": "first"])
    }

    @Test(
        "a put if unchanged happens once for a revision, and never for what is not there", arguments: Backend.allCases)
    func ifRevision(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        #expect(throws: StoreError.conditionFailed) {
            try test.store.put(key, ["a": "0"], if: .ifRevision(1), in: invocation)
        }
        try test.store.put(key, ["a": "1"], in: invocation)
        let revision = try #require(try test.store.get(key, in: invocation)).revision
        try test.store.put(key, ["a": "2"], if: .ifRevision(revision), in: invocation)
        #expect(throws: StoreError.conditionFailed) {
            try test.store.put(key, ["a": "3"], if: .ifRevision(revision), in: invocation)
        }
        #expect(try test.store.get(key, in: invocation)?.attributes == ["a": "2"])
    }

    @Test("a record made anew is not the one that was deleted", arguments: Backend.allCases)
    func noRevival(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try test.store.put(key, ["a": "old"], if: .ifAbsent, in: invocation)
        let old = try #require(try test.store.delete(key, in: invocation))
        try test.store.put(key, ["a": "new"], if: .ifAbsent, in: invocation)
        #expect(throws: StoreError.conditionFailed) {
            try test.store.put(key, ["a": "old, refreshed"], if: .ifRevision(old.revision), in: invocation)
        }
        #expect(throws: StoreError.conditionFailed) {
            try test.store.transact([.delete(key, if: .ifRevision(old.revision))], in: invocation)
        }
        #expect(try test.store.get(key, in: invocation)?.attributes == ["a": "new"])
    }

    @Test("a delete returns what was there, once", arguments: Backend.allCases)
    func delete(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try test.store.put(key, ["a": "1"], in: invocation)
        let stored = try test.store.get(key, in: invocation)
        #expect(try test.another.delete(key, in: invocation) == stored)
        #expect(try test.store.delete(key, in: invocation) == nil)
        #expect(try test.store.get(key, in: invocation) == nil)
    }

    @Test("a list has one partition's records, in the order of the sort keys' bytes", arguments: Backend.allCases)
    func list(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let inOrder = ["0", "10", "9", "A", "a", "a0", "b", "z", "Å", "é", "日本", "😀"]
        for sort in inOrder.reversed() {
            try test.store.put(RecordKey(partition: "p", sort: sort), ["is": sort], in: invocation)
        }
        for partition in ["P", "p ", "pp", "p#", "p\u{301}"] {
            try test.store.put(RecordKey(partition: partition, sort: "x"), ["is": "another's"], in: invocation)
        }
        #expect(try test.another.list(partition: "p", in: invocation).map { $0.key.sort } == inOrder)
        #expect(try test.another.list(partition: "p", in: invocation).map { $0.attributes["is"] } == inOrder)
    }

    @Test("a list may be had in pages, each after the last one's last sort key", arguments: Backend.allCases)
    func listInPages(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for sort in 1...7 {
            try test.store.put(
                RecordKey(partition: "p", sort: "\(sort)"), [:], expires: sort == 2 ? test.now : nil, in: invocation)
        }
        func page(after start: String?, limit: Int?) throws -> [String] {
            try test.another.list(partition: "p", after: start, limit: limit, in: invocation).map { $0.key.sort }
        }
        #expect(try page(after: nil, limit: 3) == ["1", "3", "4"])
        #expect(try page(after: "4", limit: 3) == ["5", "6", "7"])
        #expect(try page(after: "7", limit: 3) == [])
        #expect(try page(after: "2", limit: nil) == ["3", "4", "5", "6", "7"])
        #expect(try page(after: "34", limit: 1) == ["4"])
    }

    @Test("keys are compared by their bytes: composed and decomposed letters differ", arguments: Backend.allCases)
    func unicodeKeys(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let composed = RecordKey(partition: "jos\u{E9}", sort: "s")
        let decomposed = RecordKey(partition: "jose\u{301}", sort: "s")
        try test.store.transact([.put(composed, ["a": "1"]), .put(decomposed, ["a": "2"])], in: invocation)
        #expect(try test.store.get(composed, in: invocation)?.attributes == ["a": "1"])
        #expect(try test.store.get(decomposed, in: invocation)?.attributes == ["a": "2"])
    }
}

extension Timestamp {
    func later(by milliseconds: Int) -> Timestamp { Timestamp(epochMilliseconds: epochMilliseconds + milliseconds) }
}
