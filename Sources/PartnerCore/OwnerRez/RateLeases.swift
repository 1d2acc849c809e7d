/// What one process knows of the shared rate budget: its lease, and that there is nothing to be had for a while.
struct RateLeases {
    /// Requests that were taken in the store, to be sent before their slot ends.
    struct Lease {
        var left: Int
        let size: Int
        /// Whether less than three quarters were spent with it.
        let isForUpkeep: Bool
        let time: Span
    }

    /// So many milliseconds from a moment on.
    struct Span {
        let since: Moment
        let milliseconds: Int

        /// Negative when it is over.
        func left(at now: Moment) -> Int { milliseconds.saturatingSubtracting(now.milliseconds(since: since)) }
    }

    private static let smallest = 2
    private static let largest = 16

    private var lease: Lease?
    private var pause: Span?
    private var callDrought: Span?
    private var upkeepDrought: Span?
    /// Whether a thread is asking the store; how often that was done, and how it ended last.
    private(set) var isAsking = false
    private(set) var asked = 0
    private(set) var failure: StoreError?

    /// What can be answered without the store.
    mutating func answer(_ use: RateBudget.Use, at now: Moment) -> RateBudget.Answer? {
        if let left = pause?.left(at: now), left > 0 { return .wait(milliseconds: left) }
        if let lease, lease.left > 0, lease.time.left(at: now) > 0, use == .call || lease.isForUpkeep {
            self.lease?.left -= 1
            return .taken
        }
        let drought = use == .call ? callDrought : upkeepDrought
        if let left = drought?.left(at: now), left > 0 { return .wait(milliseconds: left) }
        return nil
    }

    /// Twice as much as the last one, where that was not enough for a slot.
    func nextSize(at now: Moment) -> Int {
        guard let lease, lease.time.left(at: now) > 0 else { return Self.smallest }
        return min(2 * lease.size, Self.largest)
    }

    mutating func beginAsking() { isAsking = true }

    mutating func endAsking(_ failure: StoreError?) {
        isAsking = false
        asked += 1
        self.failure = failure
    }

    /// One request of it is spent at once.
    mutating func hold(_ lease: Lease) {
        self.lease = lease
        self.lease?.left -= 1
    }

    mutating func wait(_ span: Span, for use: RateBudget.Use) {
        switch use {
        case .call: callDrought = span
        case .upkeep: upkeepDrought = span
        }
    }

    /// What is held is dropped. A pause is never cut short.
    mutating func pause(_ span: Span) {
        lease = nil
        guard pause.map({ $0.left(at: span.since) < span.milliseconds }) ?? true else { return }
        pause = span
    }
}

/// The time by which requests are counted: the store's; a process that has seen a later one in the record goes on from
/// there, since clocks may be put back.
struct RateClock {
    /// A record that is further ahead was written by nobody whose clock we know.
    private static let longestLeadMilliseconds = 900_000

    private var seen: (time: Timestamp, at: Instant)?

    /// - Parameter newest: where the record's newest slot began.
    /// - Returns: nil when that is not to be believed.
    mutating func time(_ store: Timestamp, _ newest: Timestamp?, at now: Instant) -> Timestamp? {
        let latest = store.adding(milliseconds: Self.longestLeadMilliseconds)
        guard newest.map({ $0 <= latest }) ?? true else { return nil }
        var time = store
        if let seen {
            let later = seen.time.adding(milliseconds: now.nanoseconds(since: seen.at) / 1_000_000)
            if later <= latest { time = max(time, later) }
        }
        if let newest, newest > time {
            time = newest
            seen = (time, now)
        }
        return time
    }
}
