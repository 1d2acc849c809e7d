import Testing

@testable import PartnerCore

@Suite("The issuer's keys, kept")
struct KeyCacheTests {
    private let invocation = Invocation(
        requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))

    /// An issuer whose answers and clock are set by the test.
    private final class Issuer: Sendable {
        let error = Lock<KeySourceError?>(nil)
        let fetches = Lock(0)
        let seconds = Lock(0)

        var cache: KeyCache {
            let keys = KeySet((try? json(#"{"keys":[\#(rfcECKey)]}"#)) ?? .null)!
            return KeyCache(
                now: { [self] in Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
            ) { [self] (_) throws(KeySourceError) in
                fetches.withLock { $0 += 1 }
                // Long enough for other threads to come.
                sleep(milliseconds: 20)
                if let error = error.withLock({ $0 }) { throw error }
                return keys
            }
        }

        func pass(seconds more: Int) { seconds.withLock { $0 += more } }
    }

    @Test("any number of first callers make one fetch")
    func together() {
        let issuer = Issuer()
        let cache = issuer.cache
        concurrently(16, atMost: 16) { _ in _ = try? cache.current(in: invocation) }
        #expect(issuer.fetches.withLock { $0 } == 1)
    }

    @Test("a failed fetch is told to all who waited, and the next caller tries again")
    func failure() throws {
        let issuer = Issuer()
        let cache = issuer.cache
        issuer.error.withLock { $0 = .status(500) }
        #expect(throws: KeySourceError.status(500)) { try cache.current(in: invocation) }
        issuer.error.withLock { $0 = nil }
        _ = try cache.current(in: invocation)
        #expect(issuer.fetches.withLock { $0 } == 2)
    }

    @Test("keys that fit nothing are fetched anew once, and then not for a minute, by however many callers")
    func pause() throws {
        let issuer = Issuer()
        let cache = issuer.cache
        let first = try cache.current(in: invocation)
        concurrently(16, atMost: 16) { _ in _ = cache.newer(than: first, in: invocation) }
        #expect(issuer.fetches.withLock { $0 } == 2)
        let second = try cache.current(in: invocation)
        #expect(cache.newer(than: second, in: invocation).number == second.number)
        #expect(issuer.fetches.withLock { $0 } == 2)
        issuer.pass(seconds: 60)
        #expect(cache.newer(than: second, in: invocation).number != second.number)
        #expect(issuer.fetches.withLock { $0 } == 3)
    }

    @Test("old keys are replaced after the answer, and go on serving while the issuer is down")
    func renewal() throws {
        let issuer = Issuer()
        let cache = issuer.cache
        let first = try cache.current(in: invocation)
        issuer.error.withLock { $0 = .notJSON }
        issuer.pass(seconds: 3600)
        #expect(try cache.current(in: invocation).number == first.number)
        #expect(issuer.fetches.withLock { $0 } == 1)
        invocation.finish()
        #expect(issuer.fetches.withLock { $0 } == 2)
        #expect(try cache.current(in: invocation).number == first.number)
        issuer.error.withLock { $0 = nil }
        issuer.pass(seconds: 60)
        let later = Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
        _ = try cache.current(in: later)
        later.finish()
        #expect(try cache.current(in: later).number != first.number)
        // What an invocation has put off holds on to it.
        invocation.finish()
    }
}
