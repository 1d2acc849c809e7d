import Testing

@testable import PartnerCore

@Suite("The issuer's keys, kept")
struct KeyCacheTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    /// An issuer whose answers and clocks are set by the test.
    private final class Issuer: Sendable {
        let error = Lock<KeySourceError?>(nil)
        let fetches = Lock(0)
        /// The clock that may stand still, and the wall clock.
        private let running = Lock(0)
        private let wall = Lock(1_900_000_000)
        /// While it is closed no answer comes.
        let isOpen = Lock(true)
        private let keys = KeySet((try? json(#"{"keys":[\#(rfcECKey)]}"#)) ?? .null)!

        func cache(staleHours: Int = 24) -> KeyCache {
            KeyCache(
                staleHours: staleHours,
                now: { [self] in
                    Moment(
                        running: Instant(nanoseconds: running.withLock { $0 } * 1_000_000_000),
                        wall: Timestamp(epochSeconds: wall.withLock { $0 }))
                }
            ) { [self] (_) throws(KeySourceError) in
                fetches.withLock { $0 += 1 }
                fetches.notify()
                // Long enough for other threads to come.
                sleep(milliseconds: 20)
                _ = isOpen.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
                if let error = error.withLock({ $0 }) { throw error }
                return keys
            }
        }

        func pass(seconds: Int) {
            running.withLock { $0 += seconds }
            wall.withLock { $0 += seconds }
        }

        func passFrozen(seconds: Int) { wall.withLock { $0 += seconds } }
        func turnBackWallClock(seconds: Int) { wall.withLock { $0 -= seconds } }
        func fail(_ error: KeySourceError?) { self.error.withLock { $0 = error } }
        func wait(forFetch number: Int) {
            _ = fetches.wait(until: .after(milliseconds: 20_000)) { $0 >= number ? true : nil }
        }
        func open() {
            isOpen.withLock { $0 = true }
            isOpen.notify()
        }
    }

    private func later() -> Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    @Test("any number of first callers make one fetch")
    func together() {
        let issuer = Issuer()
        let cache = issuer.cache()
        concurrently(16, atMost: 16) { _ in _ = try? cache.current(in: invocation) }
        #expect(issuer.fetches.withLock { $0 } == 1)
    }

    @Test("a failed fetch is told to all who waited, and the next caller tries again")
    func failure() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        issuer.fail(.status(500))
        #expect(throws: KeySourceError.status(500)) { try cache.current(in: invocation) }
        issuer.fail(nil)
        _ = try cache.current(in: invocation)
        #expect(issuer.fetches.withLock { $0 } == 2)
    }

    @Test("who waited for keys that were to be made ready fetches them when that came to nothing")
    func preparation() {
        let issuer = Issuer()
        let cache = issuer.cache()
        let preparing = Invocation(
            requestID: "r", deadline: .after(milliseconds: 20_000), traceID: nil, trace: nil, isColdStart: true,
            isPreparation: true, log: Log(descriptor: -1))
        issuer.fail(.status(500))
        issuer.isOpen.withLock { $0 = false }
        concurrently(3, atMost: 3) { index in
            switch index {
            case 0: _ = try? cache.current(in: preparing)
            case 1:
                issuer.wait(forFetch: 1)
                _ = try? cache.current(in: invocation)
            default:
                issuer.wait(forFetch: 1)
                sleep(milliseconds: 50)
                issuer.open()
            }
        }
        #expect(issuer.fetches.withLock { $0 } == 2)
    }

    @Test("keys that fit nothing are fetched anew once, and then not for a minute, by however many callers")
    func pause() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
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

    @Test("while somebody waits for newer keys from a slow issuer, those that are there serve everybody else")
    func slow() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        let first = try cache.current(in: invocation)
        issuer.isOpen.withLock { $0 = false }
        guard let waiting = Thread({ _ = cache.newer(than: first, in: later()) }) else { throw NoThread() }
        issuer.wait(forFetch: 2)
        // The issuer answers nobody yet.
        #expect(try cache.current(in: invocation).number == first.number)
        issuer.open()
        waiting.join()
        #expect(try cache.current(in: invocation).number != first.number)
    }

    @Test("somebody who waits for newer keys does not wait without end")
    func bounded() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        let first = try cache.current(in: invocation)
        issuer.isOpen.withLock { $0 = false }
        guard let fetching = Thread({ _ = cache.newer(than: first, in: later()) }) else { throw NoThread() }
        issuer.wait(forFetch: 2)
        let hurried = Invocation(requestID: "r", deadline: .after(milliseconds: 20), log: Log(descriptor: -1))
        #expect(cache.newer(than: first, in: hurried).number == first.number)
        issuer.open()
        fetching.join()
    }

    @Test("before they are an hour old they are replaced after an answer, so that nobody waits")
    func renewal() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        let first = try cache.current(in: invocation)
        issuer.pass(seconds: KeyCache.refreshSeconds)
        let request = later()
        #expect(try cache.current(in: request).number == first.number)
        #expect(issuer.fetches.withLock { $0 } == 1)
        request.finish()
        #expect(issuer.fetches.withLock { $0 } == 2)
        #expect(try cache.current(in: invocation).number != first.number)
    }

    @Test("an hour after nobody called they are fetched before use: what was withdrawn is gone")
    func idle() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        let first = try cache.current(in: invocation)
        issuer.pass(seconds: KeyCache.lifetimeSeconds)
        #expect(try cache.current(in: invocation).number != first.number)
        #expect(issuer.fetches.withLock { $0 } == 2)
    }

    @Test("a process that was frozen for an hour knows it by the wall clock")
    func frozen() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        let first = try cache.current(in: invocation)
        issuer.passFrozen(seconds: KeyCache.lifetimeSeconds)
        #expect(try cache.current(in: invocation).number != first.number)
    }

    @Test("a wall clock that is put back makes no key younger")
    func putBack() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        let first = try cache.current(in: invocation)
        issuer.pass(seconds: KeyCache.lifetimeSeconds)
        issuer.turnBackWallClock(seconds: 7200)
        #expect(try cache.current(in: invocation).number != first.number)
    }

    @Test("old keys serve while the issuer is down, which one finds out, and for a while nobody waits for")
    func down() throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        let first = try cache.current(in: invocation)
        issuer.fail(.status(503))
        issuer.pass(seconds: 2 * KeyCache.lifetimeSeconds)
        concurrently(16, atMost: 16) { _ in
            #expect((try? cache.current(in: invocation))?.number == first.number)
        }
        #expect(issuer.fetches.withLock { $0 } == 2)
        // Requests go on coming. Each minute one finds out, after its answer, that the issuer is still down.
        for _ in 0..<10 {
            issuer.pass(seconds: KeyCache.pauseSeconds)
            let before = issuer.fetches.withLock { $0 }
            let request = later()
            #expect(try cache.current(in: request).number == first.number)
            #expect(issuer.fetches.withLock { $0 } == before)
            request.finish()
            #expect(issuer.fetches.withLock { $0 } == before + 1)
        }
        issuer.fail(nil)
        issuer.pass(seconds: KeyCache.downSeconds)
        #expect(try cache.current(in: invocation).number != first.number)
    }

    @Test("old keys serve for so many hours and no longer", arguments: [0, 1, 24])
    func stale(hours: Int) throws {
        let invocation = self.invocation
        defer { invocation.finish() }  // what it puts off holds on to it
        let issuer = Issuer()
        let cache = issuer.cache(staleHours: hours)
        let first = try cache.current(in: invocation)
        issuer.fail(.status(503))
        issuer.pass(seconds: KeyCache.lifetimeSeconds + hours * 3600 - 1)
        #expect(try cache.current(in: invocation).number == first.number)
        issuer.pass(seconds: 1)
        #expect(throws: KeySourceError.status(503)) { try cache.current(in: invocation) }
        issuer.fail(nil)
        #expect(try cache.current(in: invocation).number != first.number)
    }
}

private struct NoThread: Error {}
