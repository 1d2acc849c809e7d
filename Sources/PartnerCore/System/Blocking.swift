import CSystem

/// Does what waits for somebody else and needs no processor meanwhile. Whoever has this thread serve others too is told,
/// so that another can stand in for it.
func blocking<Result, Failure: Error>(_ wait: () throws(Failure) -> Result) throws(Failure) -> Result {
    guard let context = csystem_thread_context() else { return try wait() }
    let watch = Unmanaged<BlockingWatch>.fromOpaque(context).takeUnretainedValue()
    watch.began()
    defer { watch.ended() }
    return try wait()
}

/// Is told when a thread begins to wait, and when it goes on. It has to outlive the threads that it watches.
final class BlockingWatch: Sendable {
    fileprivate let began: @Sendable () -> Void
    fileprivate let ended: @Sendable () -> Void

    init(began: @escaping @Sendable () -> Void, ended: @escaping @Sendable () -> Void) {
        self.began = began
        self.ended = ended
    }

    /// From now on, this thread.
    func watchThread() { csystem_set_thread_context(Unmanaged.passUnretained(self).toOpaque()) }
}
