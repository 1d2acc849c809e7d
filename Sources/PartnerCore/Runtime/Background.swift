/// Work that goes on after its request was answered, on threads of its own, so that it holds up nobody's next request.
final class Background: Sendable {
    /// More than this is done by whoever brings it.
    private static let most = 64

    private let running = Lock(0)

    func run(_ work: @escaping @Sendable () -> Void) {
        let isAdmitted = running.withLock { running in
            guard running < Self.most else { return false }
            running += 1
            return true
        }
        guard isAdmitted else { return work() }
        let thread = Thread { [self] in
            work()
            leave()
        }
        if let thread { return thread.detach() }
        leave()
        work()
    }

    /// - Returns: how much of it was still running at the deadline.
    func wait(until deadline: Deadline) -> Int {
        running.wait(until: deadline) { $0 == 0 ? 0 : nil } ?? running.withLock { $0 }
    }

    private func leave() {
        running.withLock { $0 -= 1 }
        running.notify()
    }
}
