/// Does the work for every index below `count` on threads of their own, at most `limit` at a time, and waits for all.
/// If there is no thread to be had, this thread does all of it, one after the other.
func concurrently(_ count: Int, atMost limit: Int, _ work: @escaping @Sendable (Int) -> Void) {
    let next = Lock(0)
    let takeAll: @Sendable () -> Void = {
        while true {
            let index = next.withLock { next in
                next += 1
                return next - 1
            }
            guard index < count else { return }
            work(index)
        }
    }
    startThenJoin(min(count, limit) - 1, takeAll)
}

/// This thread takes part too. Threads cannot be kept in an array (they are not copyable), so each is joined on the way
/// back.
private func startThenJoin(_ threads: Int, _ work: @escaping @Sendable () -> Void) {
    guard threads > 0, let thread = Thread(work) else { return work() }
    startThenJoin(threads - 1, work)
    thread.join()
}

/// Does two things at once, the second on a thread of its own. If there is no thread to be had, it does one after the
/// other.
public func together<First, Second>(
    _ first: () -> First, _ second: @escaping @Sendable () -> sending Second
) -> (First, Second) {
    let done = Lock<Second?>(nil)
    guard let thread = Thread({ done.withLock { $0 = second() } }) else { return (first(), second()) }
    let result = first()
    thread.join()
    return (result, done.withLock { $0 }!)
}
