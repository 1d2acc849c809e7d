/// Why there is no token, as the side that hands them out has it.
public protocol TokenFailure: Error, Sendable {
    /// Somebody else was asking for one until there was no time left.
    static var tokenNotInTime: Self { get }
}

/// What is good for a time.
public protocol Expiring: Sendable {
    var isFresh: Bool { get }
    /// By which one is told from another.
    var secret: Secret { get }
}

extension AccessToken: Expiring {}

public typealias TokenCache<Failure: TokenFailure> = ExpiringCache<AccessToken, Failure>

/// One token for all threads, and one call at a time that asks for it: whoever comes meanwhile waits and shares what
/// comes of it, a failure too.
public final class ExpiringCache<Token: Expiring, Failure: TokenFailure>: Sendable {
    private struct State {
        var token: Token?
        var isMinting = false
        /// How many calls for a token have ended.
        var ended = 0
        var lastFailure: Failure?
    }

    private enum Turn {
        case use(Token)
        case fail(Failure)
        case mint
    }

    private let state = Lock(State())

    public init() {}

    /// The token, and whether it was there already.
    func token(
        in invocation: Invocation, mint: () throws(Failure) -> Token
    ) throws(Failure) -> (token: Token, wasCached: Bool) {
        var endedBefore: Int?
        let turn = state.wait(until: invocation.deadline) { state -> Turn? in
            if let token = state.token, token.isFresh { return .use(token) }
            if let before = endedBefore, state.ended > before, let failure = state.lastFailure { return .fail(failure) }
            if state.isMinting {
                endedBefore = endedBefore ?? state.ended
                return nil
            }
            state.isMinting = true
            return .mint
        }
        switch turn {
        case .use(let token): return (token, true)
        case .fail(let failure): throw failure
        case nil: throw Failure.tokenNotInTime
        case .mint: break
        }
        do throws(Failure) {
            let token = try mint()
            end(with: token, failure: nil)
            return (token, false)
        } catch {
            // Whoever waits for a preparation that comes to nothing asks for itself.
            end(with: nil, failure: invocation.isPreparation ? nil : error)
            throw error
        }
    }

    /// Forgets a token that was answered 401, unless another one has taken its place already.
    func discard(_ token: Token) {
        state.withLock { state in
            if state.token?.secret == token.secret { state.token = nil }
        }
    }

    private func end(with token: Token?, failure: Failure?) {
        state.withLock { state in
            state.token = token
            state.isMinting = false
            state.ended += 1
            state.lastFailure = failure
        }
        state.notify()
    }
}

extension Invocation {
    func noteToken(wasCached: Bool) {
        note("tokenCacheHit", .bool(wasCached))
        count(wasCached ? "TokenCacheHits" : "TokenCacheMisses")
    }
}
