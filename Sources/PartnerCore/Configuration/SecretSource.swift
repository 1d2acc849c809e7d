/// A secret that may be replaced while the process runs. Whoever uses it can tell: their credentials are refused.
public enum SecretSource: Sendable {
    /// From a variable or a file: it stays what it is.
    case fixed(Secret)
    case renewable(RenewableSecret)

    public var current: Secret {
        switch self {
        case .fixed(let secret): secret
        case .renewable(let secret): secret.current
        }
    }

    /// Another secret than the one that was refused, if there is one by now.
    func renewed(insteadOf refused: Secret, in invocation: Invocation) -> Secret? {
        switch self {
        case .fixed: nil
        case .renewable(let secret): secret.renewed(insteadOf: refused, in: invocation)
        }
    }
}

/// A secret that is fetched again once it is refused, which is how a rotation arrives without a deployment. However many
/// are refused at once, one thread fetches, and at most once a minute: a secret that is plainly wrong is no reason to
/// ask for it with every invocation.
public final class RenewableSecret: Sendable {
    typealias Fetch = @Sendable (Invocation) throws(SecretError) -> Secret

    private struct State {
        var secret: Secret
        var fetched: Instant
        var isFetching = false
    }

    private enum Turn {
        case use(Secret)
        case giveUp
        case fetch
    }

    private static let pauseNanoseconds = 60 * 1_000_000_000

    /// The setting's, for the log.
    private let name: String
    private let state: Lock<State>
    private let fetch: Fetch
    private let now: @Sendable () -> Instant

    /// - Parameter secret: as it was fetched just now.
    init(
        name: String, _ secret: Secret, now: @escaping @Sendable () -> Instant = { .now() }, fetch: @escaping Fetch
    ) {
        self.name = name
        self.fetch = fetch
        self.now = now
        state = Lock(State(secret: secret, fetched: now()))
    }

    var current: Secret { state.withLock { $0.secret } }

    func renewed(insteadOf refused: Secret, in invocation: Invocation) -> Secret? {
        let turn = state.wait(until: invocation.deadline) { state -> Turn? in
            if state.secret != refused { return .use(state.secret) }
            if state.isFetching { return nil }
            guard now().nanoseconds - state.fetched.nanoseconds >= Self.pauseNanoseconds else { return .giveUp }
            state.isFetching = true
            return .fetch
        }
        switch turn {
        case .use(let secret): return secret
        case .giveUp, nil: return nil
        case .fetch: break
        }
        let fetched = fetchedAgain(in: invocation)
        state.withLock { state in
            state.secret = fetched ?? state.secret
            state.fetched = now()
            state.isFetching = false
        }
        state.notify()
        return fetched == refused ? nil : fetched
    }

    private func fetchedAgain(in invocation: Invocation) -> Secret? {
        do throws(SecretError) {
            let secret = try fetch(invocation)
            invocation.log.write(.info, "\(name): fetched again", requestID: invocation.requestID)
            return secret
        } catch {
            invocation.log.write(.error, "\(name): \(error.description)", requestID: invocation.requestID)
            return nil
        }
    }
}
