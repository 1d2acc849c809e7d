import CSystem

/// The connections that nobody uses at the moment, for whoever calls next.
///
/// They are few, and none stays for long: after a burst the many that it took are of no use. From the second call on a
/// thread looks after them, because a process that is not called notices nothing by itself, least of all that the other
/// side has closed.
final class ConnectionPool: Sendable {
    /// What stays when little is going on; each takes up to 200 kB with TLS.
    static let mostIdle = 16
    /// What a burst needs while it lasts: a connection that is made for each call costs more.
    private static let mostAtOnce = 1024
    /// After which those that are more than `mostIdle` have not been needed.
    static let burstMilliseconds = 500
    /// As long as load balancers keep theirs, and longer than many servers do.
    static let longestIdleSeconds = 60
    private static let pauseMilliseconds = 5000
    private static let burstPauseMilliseconds = 100

    private struct Idle {
        let connection: OutboundConnection
        let since: Instant
    }

    private struct State {
        /// The one used last is the last.
        var idle: [Idle] = []
        var hasServed = false
        var isLookedAfter = false
    }

    private let state = Lock(State())
    private let now: @Sendable () -> Instant

    init(now: @escaping @Sendable () -> Instant = { .now() }) { self.now = now }

    /// How many there are.
    var count: Int { state.withLock { $0.idle.count } }

    /// The one used last, so that the others grow old.
    func take() -> OutboundConnection? { state.withLock { $0.idle.popLast()?.connection } }

    /// - Parameter afterCall: false when it was made ready for a call that has not come yet.
    func giveBack(_ connection: OutboundConnection, afterCall: Bool = true) {
        let since = now()
        // What falls out is closed after the lock: TLS says good-bye.
        var surplus: Idle?
        var isBurst = false
        let needsCare = state.withLock { state in
            state.idle.append(Idle(connection: connection, since: since))
            if state.idle.count > Self.mostAtOnce { surplus = state.idle.removeFirst() }
            isBurst = state.idle.count == Self.mostIdle + 1
            defer { state.hasServed = state.hasServed || afterCall }
            guard state.hasServed, !state.isLookedAfter else { return false }
            state.isLookedAfter = true
            return true
        }
        _ = consume surplus
        if needsCare { lookAfter() } else if isBurst { state.notify() }
    }

    /// Closes those that have waited for too long, those that the other side has closed, and those that are too many.
    func sweep() {
        let now = now()
        var ended: [Idle] = []
        state.withLock { state in
            var kept: [Idle] = []
            let burst = state.idle.prefix(max(0, state.idle.count - Self.mostIdle))
            ended = Array(burst.prefix { now >= $0.since.adding(milliseconds: Self.burstMilliseconds) })
            for idle in state.idle.dropFirst(ended.count) {
                let isOld = now >= idle.since.adding(seconds: Self.longestIdleSeconds)
                if isOld || idle.connection.isAbandoned { ended.append(idle) } else { kept.append(idle) }
            }
            state.idle = kept
        }
        guard !ended.isEmpty else { return }
        ended = []
        if count <= Self.mostIdle { csystem_return_memory() }
    }

    private func lookAfter() {
        let thread = Thread { [self] in
            var goesOn = true
            while goesOn {
                _ = state.wait(until: .after(milliseconds: Self.pauseMilliseconds)) {
                    $0.idle.count > Self.mostIdle ? true : nil
                }
                if count > Self.mostIdle { sleep(milliseconds: Self.burstPauseMilliseconds) }
                sweep()
                goesOn = state.withLock { state in
                    state.isLookedAfter = !state.idle.isEmpty
                    return state.isLookedAfter
                }
            }
        }
        if let thread { thread.detach() } else { state.withLock { $0.isLookedAfter = false } }
    }
}
