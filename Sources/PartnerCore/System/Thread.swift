import CSystem

/// A plain POSIX thread. A thread that is not joined ends with the process.
public struct Thread: ~Copyable {
    private let handle: pthread_t

    /// In bytes. The system's own size, mostly 8 MiB, is address space that a process may not have for a thousand threads.
    static let stackSize = 1_048_576

    /// So many run at once.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Returns: nil when the system has no thread left to give (EAGAIN).
    public init?(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run))
        var handle = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, Self.stackSize)
        defer { pthread_attr_destroy(&attributes) }
        let status = pthread_create(
            &handle, &attributes,
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
