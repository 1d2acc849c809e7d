/// The clock of those whom a client calls, as the `Date` of their last answer had it (RFC 9110 section 6.6.1): to a second
/// or so, and to however long the answer took. Ours until there was one.
final class PeerClock: Sendable {
    private let offset = Lock<Int?>(nil)

    /// What has to be added to ours; nil until there was an answer.
    var offsetMilliseconds: Int? { offset.withLock { $0 } }

    func note(_ date: Timestamp, at ours: Timestamp = .now()) {
        offset.withLock { $0 = date.milliseconds(since: ours) }
    }

    /// - Parameter ours: a time by our clock.
    func time(at ours: Timestamp) -> Timestamp { ours.adding(milliseconds: offsetMilliseconds ?? 0) }
}
