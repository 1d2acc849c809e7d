/// Makes ready what the first request will need of the outside, before it comes. The start neither fails with it nor waits
/// for it, but for a bounded time where it is told to.
struct Readiness: Sendable {
    /// The longest that it takes, and that a request which needs the same waits for it: then that asks for itself.
    static let longestMilliseconds = 2000

    private let preparations: [Preparation]
    private let log: Log
    private let isOver = Lock(false)

    init<F: Function>(of invoker: Invoker<F>, log: Log) {
        preparations = invoker.function.preparations + invoker.authenticator.preparations
        self.log = log
    }

    /// Begins, on threads of its own.
    func begin() {
        guard !preparations.isEmpty else { return }
        Thread { [self] in
            let time = Self.longestMilliseconds + HTTPClient.reservedMilliseconds
            let invocation = Invocation(
                requestID: randomID(), deadline: .after(milliseconds: time), traceID: nil, trace: nil,
                isColdStart: true, isPreparation: true, log: log)
            concurrently(preparations.count, atMost: preparations.count) { preparations[$0](invocation) }
            isOver.withLock { $0 = true }
            isOver.notify()
        }?.detach()
    }

    /// Begins, and waits for the end, though not for long.
    func beginAndWait() {
        guard !preparations.isEmpty else { return }
        begin()
        _ = isOver.wait(until: .after(milliseconds: Self.longestMilliseconds)) { $0 ? true : nil }
    }
}
