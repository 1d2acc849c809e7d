import Testing

@testable import PartnerCore

/// Threads over two connections, as two processes would have them.
@Suite("Concurrent writers of a record store", .serialized)
struct RecordStoreConcurrencyTests {
    var invocation: Invocation { .forStore(milliseconds: 300_000) }

    @Test("that each put if absent have one winner for every record", arguments: Backend.allCases)
    func oneWinner(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let count = backend.attempts
        let won = concurrently(8) { [invocation] thread in
            let store = thread.isMultiple(of: 2) ? test.store : test.another
            return (0..<count).filter { number in
                let key = RecordKey(partition: "race", sort: "\(number)")
                return store.wins { (store) throws(StoreError) in
                    try store.put(key, ["winner": "\(thread)"], if: .ifAbsent, in: invocation)
                }
            }.map { (number: $0, thread: thread) }
        }.flatMap { $0 }
        #expect(won.map { $0.number }.sorted() == Array(0..<count))
        for (number, thread) in won {
            let record = try test.store.get(RecordKey(partition: "race", sort: "\(number)"), in: invocation)
            #expect(record?.attributes == ["winner": "\(thread)"])
        }
    }

    @Test("that put if unchanged lose no update", arguments: Backend.allCases)
    func noLostUpdate(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let key = RecordKey(partition: "counter", sort: "c")
        try test.store.put(key, ["count": "0"], in: invocation)
        let attempts = backend.attempts
        let successes = concurrently(4) { [invocation] thread in
            let store = thread.isMultiple(of: 2) ? test.store : test.another
            return (0..<attempts).filter { _ in
                store.wins { (store) throws(StoreError) in
                    guard let record = try store.get(key, in: invocation), let count = Int(try record.text("count"))
                    else { throw .conditionFailed }
                    try store.put(key, ["count": "\(count + 1)"], if: .ifRevision(record.revision), in: invocation)
                }
            }.count
        }
        let total = successes.reduce(0, +)
        #expect(total > 0)
        #expect(try test.store.get(key, in: invocation)?.attributes == ["count": "\(total)"])
    }

    /// A pair is one entity's: the second is sent to another process once the first has been answered.
    @Test("that append one after the other are listed in that order, where the store can order")
    func order() throws {
        let test = try StoreUnderTest(.sqlite)
        let pairs = 100
        let failures = concurrently(4) { [invocation] thread in
            (0..<pairs).filter { number in
                let stores = number.isMultiple(of: 2) ? [test.store, test.another] : [test.another, test.store]
                return stores.enumerated().contains { index, store in
                    !store.wins { (store) throws(StoreError) in
                        try store.transact(
                            [.append(partition: "\(thread)", ["of": "\(number).\(index)"])], in: invocation)
                    }
                }
            }.count
        }
        #expect(failures.reduce(0, +) == 0)
        let wanted = (0..<pairs).flatMap { ["\($0).0", "\($0).1"] }
        for thread in 0..<4 {
            let records = try test.store.list(partition: "\(thread)", in: invocation)
            #expect(records.map { $0.attributes["of"] } == wanted)
        }
    }

    @Test("that delete one record are given it once", arguments: Backend.allCases)
    func oneTaker(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for number in 0..<20 {
            try test.store.put(RecordKey(partition: "states", sort: "\(number)"), ["n": "\(number)"], in: invocation)
        }
        let taken = concurrently(8) { [invocation] thread in
            let store = thread.isMultiple(of: 2) ? test.store : test.another
            return (0..<20).compactMap { number in
                let key = RecordKey(partition: "states", sort: "\(number)")
                return (try? store.delete(key, in: invocation))?.attributes["n"]
            }
        }.flatMap { $0 }
        #expect(taken.compactMap { Int($0) }.sorted() == Array(0..<20))
    }

    @Test("of two records at once leave both or neither of a transaction", arguments: Backend.allCases)
    func pairs(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let won = concurrently(6) { [invocation] thread in
            let store = thread.isMultiple(of: 2) ? test.store : test.another
            return (0..<20).filter { number in
                // Each thread pairs every left record with another right one.
                let left = RecordKey(partition: "left", sort: "\(number)")
                let right = RecordKey(partition: "right", sort: "\((number + thread) % 20)")
                return store.wins { (store) throws(StoreError) in
                    try store.transact(
                        [
                            .put(left, ["with": right.sort], if: .ifAbsent),
                            .put(right, ["with": left.sort], if: .ifAbsent),
                        ], in: invocation)
                }
            }.count
        }
        let left = try test.store.list(partition: "left", in: invocation)
        #expect(left.count == won.reduce(0, +))
        #expect(try test.store.list(partition: "right", in: invocation).count == left.count)
        for record in left {
            let right = RecordKey(partition: "right", sort: try record.text("with"))
            #expect(try test.store.get(right, in: invocation)?.attributes == ["with": record.key.sort])
        }
    }
}

extension RecordStore {
    /// Whether a conditional write happened.
    fileprivate func wins(_ write: (RecordStore) throws(StoreError) -> Void) -> Bool {
        do throws(StoreError) {
            try write(self)
            return true
        } catch {
            if error != .conditionFailed { Issue.record("\(error)") }
            return false
        }
    }
}

extension Backend {
    /// What stands in for the others answers some dozens of calls a second, and on a busy machine fewer.
    fileprivate var attempts: Int { self == .sqlite ? 50 : 15 }
}
