import Testing

@testable import PartnerCore

@Suite("The token cache")
struct TokenCacheTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    @Test("100 callers at once make one mint, and all get its token")
    func oneMint() {
        let cache = TokenCache<OwnliError>()
        let mints = Lock(0)
        let tokens = Lock<[String]>([])
        concurrently(100, atMost: 100) { _ in
            let result = try? cache.token(in: invocation) { () throws(OwnliError) in
                mints.withLock { $0 += 1 }
                sleep(milliseconds: 50)
                return AccessToken(Secret("token"), lifetimeSeconds: 3600)
            }
            tokens.withLock { $0.append(result?.token.secret.reveal() ?? "none") }
        }
        #expect(mints.withLock { $0 } == 1)
        #expect(tokens.withLock { $0 } == Array(repeating: "token", count: 100))
    }

    @Test("who waited for a mint that failed gets its error, and the next caller mints again")
    func sharedFailure() {
        let cache = TokenCache<OwnliError>()
        let mints = Lock(0)
        let failures = Lock(0)
        let started = Lock(0)
        concurrently(10, atMost: 10) { _ in
            started.withLock { $0 += 1 }
            do throws(OwnliError) {
                _ = try cache.token(in: invocation) { () throws(OwnliError) in
                    mints.withLock { $0 += 1 }
                    while started.withLock({ $0 }) < 10 { sleep(milliseconds: 1) }
                    sleep(milliseconds: 100)
                    throw .failing(status: 500)
                }
            } catch {
                failures.withLock { $0 += 1 }
            }
        }
        #expect(failures.withLock { $0 } == 10)
        #expect(mints.withLock { $0 } < 10)
        #expect((try? mint("fresh", into: cache))?.0 == "fresh")
    }

    @Test("who waited for a token that was to be made ready asks for it when that came to nothing")
    func preparation() {
        let cache = TokenCache<OwnliError>()
        let preparing = Invocation(
            requestID: "r", deadline: .after(milliseconds: 20_000), traceID: nil, trace: nil, isColdStart: true,
            isPreparation: true, log: Log(descriptor: -1))
        let isMinting = Lock(false)
        let found = Lock<String?>(nil)
        concurrently(2, atMost: 2) { index in
            if index == 0 {
                _ = try? cache.token(in: preparing) { () throws(OwnliError) in
                    isMinting.withLock { $0 = true }
                    sleep(milliseconds: 100)
                    throw .failing(status: 500)
                }
            } else {
                while !isMinting.withLock({ $0 }) { sleep(milliseconds: 1) }
                let token = try? mint("own", into: cache).0
                found.withLock { $0 = token }
            }
        }
        #expect(found.withLock { $0 } == "own")
    }

    @Test("a token is replaced when less than 5 minutes are left of it")
    func margin() throws {
        let cache = TokenCache<OwnliError>()
        #expect(try mint("first", into: cache, lifetime: 3600) == ("first", false))
        #expect(try mint("second", into: cache) == ("first", true))
        let short = AccessToken(Secret("t"), lifetimeSeconds: 100)
        #expect(short.isFresh)
        #expect((0...100).contains(short.secondsLeft))
    }

    @Test("discarding a token that has been replaced already does nothing")
    func discard() throws {
        let cache = TokenCache<OwnliError>()
        let stale = AccessToken(Secret("stale"), lifetimeSeconds: 3600)
        _ = try mint("fresh", into: cache)
        cache.discard(stale)
        #expect(try mint("other", into: cache) == ("fresh", true))
        cache.discard(AccessToken(Secret("fresh"), lifetimeSeconds: 1))
        #expect(try mint("other", into: cache) == ("other", false))
    }

    @Test("who cannot wait any longer is told so")
    func deadline() {
        let cache = TokenCache<OwnliError>()
        let impatient = Invocation(requestID: "r", deadline: .after(milliseconds: 50), log: Log(descriptor: -1))
        let error = Lock<OwnliError?>(nil)
        let isMinting = Lock(false)
        concurrently(2, atMost: 2) { index in
            if index == 0 {
                _ = try? cache.token(in: invocation) { () throws(OwnliError) in
                    isMinting.withLock { $0 = true }
                    while error.withLock({ $0 }) == nil { sleep(milliseconds: 1) }
                    return AccessToken(Secret("late"), lifetimeSeconds: 3600)
                }
            } else {
                while !isMinting.withLock({ $0 }) { sleep(milliseconds: 1) }
                do throws(OwnliError) {
                    _ = try cache.token(in: impatient) { () throws(OwnliError) in throw .failing(status: 500) }
                } catch let found { error.withLock { $0 = found } }
            }
        }
        #expect(error.withLock { $0 } == .tokenNotInTime)
    }

    private func mint(_ text: String, into cache: TokenCache<OwnliError>, lifetime: Int = 3600) throws -> (String, Bool)
    {
        let (token, wasCached) = try cache.token(in: invocation) { () throws(OwnliError) in
            AccessToken(Secret(text), lifetimeSeconds: lifetime)
        }
        return (token.secret.reveal(), wasCached)
    }
}
