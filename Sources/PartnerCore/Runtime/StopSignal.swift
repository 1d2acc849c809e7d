import CSystem

/// Set once, from anywhere; whoever polls it wakes up. (An eventfd that nobody reads stays readable.)
final class StopSignal: Sendable {
    let descriptor: Int32
    private let state = Lock(false)

    init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .last }
    }

    deinit { close(descriptor) }

    func set() {
        state.withLock { $0 = true }
        eventfd_write(descriptor, 1)
    }

    var isSet: Bool { state.withLock { $0 } }
}

/// Rung from anywhere, any number of times, until whoever polls it has heard it.
final class Bell: Sendable {
    let descriptor: Int32

    init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .last }
    }

    deinit { close(descriptor) }

    func ring() { eventfd_write(descriptor, 1) }

    func silence() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
