/// Holds the user token, and sees to it that however many callers want one, it is asked for once.
///
/// Time is a clock's that counts while the device sleeps, and that nobody sets.
actor TokenKeeper {
    /// As Ownli's guide has it. A token that lives less than twice as long is renewed at half its life.
    static let margin: Duration = .seconds(300)

    /// A token, and which of those that there were it is.
    struct Lease: Sendable {
        let token: UserToken
        let number: Int
    }

    private struct Held {
        let lease: Lease
        let renewal: ContinuousClock.Instant
    }

    private let ask: @Sendable () async throws -> UserToken
    private let now: @Sendable () -> ContinuousClock.Instant
    private var held: Held?
    private var isAsking = false
    private var tokensSoFar = 0
    private var waiters: [Int: CheckedContinuation<Lease, any Error>] = [:]
    private var waitersSoFar = 0

    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        ask: @escaping @Sendable () async throws -> UserToken
    ) {
        self.now = now
        self.ask = ask
    }

    var waiting: Int { waiters.count }

    /// The token that is held, or else the one that is being asked for.
    ///
    /// A caller that is cancelled stops waiting; the others go on. The question itself is never cancelled: when nobody
    /// waits any more, its answer is there for the next call. When it fails, it fails for all who waited.
    func lease() async throws -> Lease {
        try Task.checkCancellation()
        if let held, now() < held.renewal { return held.lease }
        if !isAsking {
            isAsking = true
            Task { await renew() }
        }
        waitersSoFar += 1
        let waiter = waitersSoFar
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiters[waiter] = $0 }
        } onCancel: {
            // It runs here only once the waiter is registered: the actor is not given up before.
            Task { await self.giveUp(waiter) }
        }
    }

    /// Says that Ownli does not accept a token. When another has taken its place, that one stays.
    func discard(_ lease: Lease) {
        if held?.lease.number == lease.number { held = nil }
    }

    private func renew() async {
        // Before the question: how long the answer travelled is not known.
        let asked = now()
        let result: Result<Lease, any Error>
        do {
            let token = try await ask()
            tokensSoFar += 1
            let lease = Lease(token: token, number: tokensSoFar)
            let renewal = asked + max(token.lifetime - Self.margin, token.lifetime / 2)
            held = Held(lease: lease, renewal: renewal)
            result = .success(lease)
        } catch {
            result = .failure(error)
        }
        isAsking = false
        let waiters = self.waiters
        self.waiters = [:]
        for waiter in waiters.values { waiter.resume(with: result) }
    }

    private func giveUp(_ waiter: Int) {
        waiters.removeValue(forKey: waiter)?.resume(throwing: CancellationError())
    }
}
