import CSystem

/// A plain POSIX thread. A thread that is not joined ends with the process.
public struct Thread: ~Copyable {
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Returns: nil when the system has no thread left to give (EAGAIN).
    public init?(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run))
        var handle = pthread_t()
        let status = pthread_create(
            &handle, nil,
            { context in
                Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard status == 0 else {
            body.release()
            return nil
        }
        self.handle = handle
    }

    public consuming func join() {
        pthread_join(handle, nil)
    }

    public consuming func detach() {
        pthread_detach(handle)
    }
}
