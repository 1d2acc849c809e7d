import Testing

@testable import PartnerCore

/// What every backend has to make of a record whose time is over.
@Suite("An expired record", .serialized)
struct RecordStoreExpiryTests {
    var invocation: Invocation { .forStore() }
    let key = RecordKey(partition: "p", sort: "s")

    /// A store with one record, at the very moment at which it expires.
    private func expired(_ backend: Backend) throws -> (test: StoreUnderTest, revision: Int) {
        let test = try StoreUnderTest(backend)
        let end = test.now.later(by: 1000)
        try test.store.put(key, ["a": "old"], expires: end, in: invocation)
        test.setClock(to: end.later(by: -1))
        let record = try #require(try test.store.get(key, in: invocation))
        #expect(try test.store.list(partition: "p", in: invocation) == [record])
        test.setClock(to: end)
        return (test, record.revision)
    }

    @Test("is absent from the millisecond on that it names", arguments: Backend.allCases)
    func absent(_ backend: Backend) throws {
        let (test, _) = try expired(backend)
        #expect(try test.store.get(key, in: invocation) == nil)
        #expect(try test.store.list(partition: "p", in: invocation) == [])
        #expect(try test.store.delete(key, in: invocation) == nil)
    }

    @Test("does not stand in the way of a put if absent", arguments: Backend.allCases)
    func ifAbsent(_ backend: Backend) throws {
        let (test, _) = try expired(backend)
        try test.store.transact([.delete(key, if: .ifAbsent)], in: invocation)
        try test.store.put(key, ["a": "new"], if: .ifAbsent, in: invocation)
        #expect(try test.store.get(key, in: invocation)?.attributes == ["a": "new"])
        #expect(try test.store.get(key, in: invocation)?.expires == nil)
    }

    @Test("can neither be changed nor deleted by its revision", arguments: Backend.allCases)
    func ifRevision(_ backend: Backend) throws {
        let (test, revision) = try expired(backend)
        #expect(throws: StoreError.conditionFailed) {
            try test.store.put(key, ["a": "new"], if: .ifRevision(revision), in: invocation)
        }
        #expect(throws: StoreError.conditionFailed) {
            try test.store.transact([.delete(key, if: .ifRevision(revision))], in: invocation)
        }
    }

    @Test("can be put anew by a writer that sets no condition", arguments: Backend.allCases)
    func always(_ backend: Backend) throws {
        let (test, _) = try expired(backend)
        try test.store.put(key, ["a": "new"], expires: test.now.later(by: 1), in: invocation)
        #expect(try test.store.get(key, in: invocation)?.attributes == ["a": "new"])
    }

    @Test("goes, and the others stay, when new ones come", arguments: Backend.allCases)
    func purge(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for number in 0..<60 {
            let expires = number.isMultiple(of: 2) ? test.now.later(by: 10) : nil
            try test.store.put(RecordKey(partition: "p", sort: "\(number)"), [:], expires: expires, in: invocation)
        }
        test.setClock(to: test.now.later(by: 10))
        for number in 0..<5 {
            let key = RecordKey(partition: "q", sort: "\(number)")
            try test.store.put(key, [:], expires: test.now.later(by: 10), in: invocation)
        }
        #expect(try test.store.list(partition: "p", in: invocation).count == 30)
        #expect(try test.store.list(partition: "q", in: invocation).count == 5)
    }
}
