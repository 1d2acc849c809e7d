/// The issuer's keys for all threads, and one call at a time that fetches them.
///
///     fetched       45 min                1 h                       1 h and AUTH_KEYS_STALE_HOURS
///        |  serve      |  serve; a request  |  fetched before use;     |  serve no more
///        |             |  fetches after its |  serve while the issuer  |
///        |             |  answer            |  gives none              |
///
/// So keys that the issuer has withdrawn are gone after an hour, however long nobody called, and where people call all the
/// time nobody waits for newer ones.
final class KeyCache: Sendable {
    typealias Fetch = @Sendable (Invocation) throws(KeySourceError) -> KeySet

    /// Keys as they were fetched; the number tells two sets apart.
    struct Edition: Sendable {
        let keys: KeySet
        let number: Int
        fileprivate let fetched: Moment
    }

    private struct State {
        var edition: Edition?
        var isFetching = false
        /// How many fetches have ended.
        var ended = 0
        /// When keys that were there were last fetched anew, or tried to.
        var lastRefresh: Moment?
        /// Nil once newer keys have come.
        var lastFailure: Failure?

        mutating func end(with failure: Failure?) {
            isFetching = false
            ended += 1
            lastFailure = failure
        }
    }

    /// A fetch after which there were no newer keys.
    private struct Failure {
        let error: KeySourceError
        let at: Moment
    }

    private enum Turn {
        case use(Edition, isDue: Bool)
        case fail(KeySourceError)
        case fetch
    }

    /// Seconds after which newer keys are fetched, while these still serve.
    static let refreshSeconds = 2700
    /// The greatest age, in seconds, at which keys are used without asking for newer ones.
    static let lifetimeSeconds = 3600
    /// Made-up kids must not make us hammer the issuer: it is asked again once in so long.
    static let pauseSeconds = 60
    /// For how long after a failure the issuer counts as being down. Longer than the pause and a fetch, so that where
    /// people call all the time nobody waits for an issuer that does not answer.
    static let downSeconds = 120
    /// What anybody waits for keys at most. No fetch takes longer.
    static let longestMilliseconds = 5000

    private let state = Lock(State())
    private let staleSeconds: Int
    private let fetch: Fetch
    private let now: @Sendable () -> Moment

    /// - Parameter staleHours: for how long beyond their greatest age keys serve while the issuer gives none.
    init(staleHours: Int, now: @escaping @Sendable () -> Moment = { .now() }, fetch: @escaping Fetch) {
        staleSeconds = staleHours * 3600
        self.now = now
        self.fetch = fetch
    }

    /// Keys that may be used now: those that are there, if they are young enough or the issuer is down, or the next that
    /// come.
    func current(in invocation: Invocation) throws(KeySourceError) -> Edition {
        var endedBefore: Int?
        let turn = state.wait(until: limit(of: invocation)) { state -> Turn? in
            if let edition = state.edition, mayServe(edition, state) {
                return .use(edition, isDue: isDue(edition, state))
            }
            if let before = endedBefore, state.ended > before, let failure = state.lastFailure {
                return .fail(failure.error)
            }
            if state.isFetching {
                endedBefore = endedBefore ?? state.ended
                return nil
            }
            state.isFetching = true
            if state.edition != nil { state.lastRefresh = now() }
            return .fetch
        }
        switch turn {
        case .use(let edition, let isDue):
            if isDue { invocation.afterwards { [self] in _ = newer(than: edition, in: invocation) } }
            return edition
        case .fetch:
            do throws(KeySourceError) { return try fetchAndKeep(in: invocation) } catch {
                // It is down now, and what is there may serve.
                guard let old = state.withLock({ state in state.edition.flatMap { mayServe($0, state) ? $0 : nil } })
                else { throw error }
                tell(error, in: invocation)
                return old
            }
        case .fail(let error): throw error
        case nil: throw .notInTime
        }
    }

    /// Keys that came after these: somebody else's, or fetched now unless that was tried a moment ago. These again when
    /// there are none.
    func newer(than edition: Edition, in invocation: Invocation) -> Edition {
        var endedBefore: Int?
        let turn = state.wait(until: limit(of: invocation)) { state -> Turn? in
            guard let latest = state.edition, latest.number == edition.number else {
                return .use(state.edition ?? edition, isDue: false)
            }
            if let before = endedBefore, state.ended > before { return .use(latest, isDue: false) }
            if state.isFetching {
                endedBefore = endedBefore ?? state.ended
                return nil
            }
            guard isPauseOver(state) else { return .use(latest, isDue: false) }
            state.isFetching = true
            state.lastRefresh = now()
            return .fetch
        }
        switch turn {
        case .use(let latest, _): return latest
        case .fetch:
            do throws(KeySourceError) { return try fetchAndKeep(in: invocation) } catch {
                tell(error, in: invocation)
                return edition
            }
        case .fail, nil: return edition
        }
    }

    /// Whether keys may be used without a fetch before: they are young, or newer ones were asked for in vain just now.
    private func mayServe(_ edition: Edition, _ state: State) -> Bool {
        let age = now().seconds(since: edition.fetched)
        guard age >= Self.lifetimeSeconds else { return true }
        guard age < Self.lifetimeSeconds + staleSeconds, let failure = state.lastFailure else { return false }
        return now().seconds(since: failure.at) < Self.downSeconds
    }

    /// Whether newer keys are to be fetched by somebody who does not wait for them.
    private func isDue(_ edition: Edition, _ state: State) -> Bool {
        now().seconds(since: edition.fetched) >= Self.refreshSeconds && !state.isFetching && isPauseOver(state)
    }

    private func isPauseOver(_ state: State) -> Bool {
        state.lastRefresh.map { now().seconds(since: $0) >= Self.pauseSeconds } ?? true
    }

    private func limit(of invocation: Invocation) -> Deadline {
        .after(milliseconds: min(invocation.deadline.remainingMilliseconds, Self.longestMilliseconds))
    }

    private func fetchAndKeep(in invocation: Invocation) throws(KeySourceError) -> Edition {
        do throws(KeySourceError) {
            let asked = now()
            let keys = try fetch(invocation)
            let edition = state.withLock { state in
                let edition = Edition(keys: keys, number: state.ended + 1, fetched: asked)
                state.edition = edition
                state.end(with: nil)
                return edition
            }
            state.notify()
            return edition
        } catch {
            // Whoever waits for a preparation that comes to nothing asks for itself.
            let failure = invocation.isPreparation ? nil : Failure(error: error, at: now())
            state.withLock { $0.end(with: failure) }
            state.notify()
            throw error
        }
    }

    private func tell(_ error: KeySourceError, in invocation: Invocation) {
        invocation.log.write(
            .warn, "the issuer's keys that are there go on serving", requestID: invocation.requestID,
            [JSON.Member("detail", .string(error.description))])
    }
}
