/// The issuer's keys for all threads, and one call at a time that fetches them. Keys that were there once go on serving
/// when the issuer does not answer.
final class KeyCache: Sendable {
    typealias Fetch = @Sendable (Invocation) throws(KeySourceError) -> KeySet

    /// Keys as they were fetched; the number tells two sets apart.
    struct Edition: Sendable {
        let keys: KeySet
        let number: Int
        fileprivate let fetched: Instant
    }

    private struct State {
        var edition: Edition?
        var isFetching = false
        /// How many fetches have ended.
        var ended = 0
        var lastFailure: KeySourceError?
        /// When keys that were there were last fetched anew, or tried to.
        var lastRefresh: Instant?
    }

    private enum Turn {
        case use(Edition)
        case fail(KeySourceError)
        case fetch
    }

    static let lifetimeSeconds = 3600
    /// Made-up kids must not make us hammer the issuer: it is asked again once in so long.
    static let pauseSeconds = 60

    private let state = Lock(State())
    private let fetch: Fetch
    private let now: @Sendable () -> Instant

    init(now: @escaping @Sendable () -> Instant = { .now() }, fetch: @escaping Fetch) {
        self.now = now
        self.fetch = fetch
    }

    /// The keys that are there, or the first that come. Whoever finds them old fetches new ones after its answer.
    func current(in invocation: Invocation) throws(KeySourceError) -> Edition {
        var endedBefore: Int?
        let turn = state.wait(until: invocation.deadline) { state -> Turn? in
            if let edition = state.edition { return .use(edition) }
            if let before = endedBefore, state.ended > before, let failure = state.lastFailure { return .fail(failure) }
            if state.isFetching {
                endedBefore = endedBefore ?? state.ended
                return nil
            }
            state.isFetching = true
            return .fetch
        }
        switch turn {
        case .use(let edition):
            if isOver(Self.lifetimeSeconds, since: edition.fetched) {
                invocation.afterwards { [self] in _ = newer(than: edition, in: invocation) }
            }
            return edition
        case .fetch: return try fetchAndKeep(in: invocation)
        case .fail(let failure): throw failure
        case nil: throw .notInTime
        }
    }

    /// Keys that came after these: somebody else's, or fetched now unless that was tried a moment ago. These again when
    /// there are none.
    func newer(than edition: Edition, in invocation: Invocation) -> Edition {
        var endedBefore: Int?
        let turn = state.wait(until: invocation.deadline) { state -> Turn? in
            guard let latest = state.edition, latest.number == edition.number else {
                return .use(state.edition ?? edition)
            }
            if let before = endedBefore, state.ended > before { return .use(latest) }
            if state.isFetching {
                endedBefore = endedBefore ?? state.ended
                return nil
            }
            if let last = state.lastRefresh, !isOver(Self.pauseSeconds, since: last) { return .use(latest) }
            state.isFetching = true
            state.lastRefresh = now()
            return .fetch
        }
        switch turn {
        case .use(let latest): return latest
        case .fetch:
            do throws(KeySourceError) { return try fetchAndKeep(in: invocation) } catch {
                invocation.log.write(
                    .warn, "the keys that are there go on serving", requestID: invocation.requestID,
                    [JSON.Member("detail", .string(error.description))])
                return edition
            }
        case .fail, nil: return edition
        }
    }

    private func fetchAndKeep(in invocation: Invocation) throws(KeySourceError) -> Edition {
        do throws(KeySourceError) {
            let keys = try fetch(invocation)
            let edition = state.withLock { state in
                let edition = Edition(keys: keys, number: state.ended + 1, fetched: now())
                state.edition = edition
                return edition
            }
            end(failure: nil)
            return edition
        } catch {
            end(failure: error)
            throw error
        }
    }

    private func end(failure: KeySourceError?) {
        state.withLock { state in
            state.isFetching = false
            state.ended += 1
            state.lastFailure = failure
        }
        state.notify()
    }

    private func isOver(_ seconds: Int, since instant: Instant) -> Bool {
        now().nanoseconds - instant.nanoseconds >= seconds * 1_000_000_000
    }
}
