/// The time by AWS's clock, which takes no request that is five minutes off. A machine whose clock is wrong learns from
/// the answers by how much.
final class AWSClock: Sendable {
    /// Milliseconds. Up to here the clock is not what a request is refused for (the SDKs' figure).
    private static let tolerance = 240_000

    /// Milliseconds to be added to ours.
    private let offset = Lock(0)
    private let system: @Sendable () -> Timestamp

    init(system: @escaping @Sendable () -> Timestamp = { .now() }) { self.system = system }

    func now() -> Timestamp { system().adding(milliseconds: offset.withLock { $0 }) }

    /// Takes the time of a refusal for the right one, if it is another than ours.
    ///
    /// - Returns: by how many seconds the machine's clock is behind; nil when it is right, or was put right already.
    func correct(by date: Timestamp?, of time: Timestamp) -> Int? {
        guard let date, date.milliseconds(since: time).magnitude > Self.tolerance else { return nil }
        let difference = date.milliseconds(since: system())
        offset.withLock { $0 = difference }
        return difference / 1000
    }
}
