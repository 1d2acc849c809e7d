/// Slows down whoever guesses: after some refusals in a row, each further one takes its time. Whoever has the
/// credentials never waits for that. When a server has no room left for them, the pause is cut short.
final class RefusalPause: Sendable {
    private struct State {
        var refusalsInARow = 0
        var waiting = 0
    }

    /// A person who sets a webhook up may err.
    private static let free = 10
    private static let milliseconds = 1000
    /// Less than Cloud Run sends to an instance at once. Whoever comes beyond it is refused at once.
    private static let mostWaiting = 64

    private let state = Lock(State())

    func admitted() { state.withLock { $0.refusalsInARow = 0 } }

    /// Returns once the refusal may be told.
    func refused(in invocation: Invocation) {
        let waits = state.withLock { state in
            state.refusalsInARow = min(state.refusalsInARow + 1, Self.free + 1)
            guard state.refusalsInARow > Self.free, state.waiting < Self.mostWaiting else { return false }
            state.waiting += 1
            return true
        }
        guard waits else { return }
        invocation.pause(max(0, min(Self.milliseconds, invocation.deadline.remainingMilliseconds / 2)))
        state.withLock { $0.waiting -= 1 }
    }
}
