/// The clock of those whom a client calls, as the `Date` of their last answer had it (RFC 9110 section 6.6.1): to a second
/// or so, and to however long the answer took. Ours until there was one.
final class PeerClock: Sendable {
    /// Milliseconds to be added to ours.
    private let offset = Lock(0)

    func note(_ date: Timestamp, at ours: Timestamp = .now()) {
        offset.withLock { $0 = date.milliseconds(since: ours) }
    }

    /// - Parameter ours: a time by our clock.
    func time(at ours: Timestamp) -> Timestamp { ours.adding(milliseconds: offset.withLock { $0 }) }
}
