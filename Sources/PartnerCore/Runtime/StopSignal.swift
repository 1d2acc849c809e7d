import CSystem

/// Set once, from anywhere, a signal handler included; whoever polls it wakes up. (An eventfd that nobody reads stays
/// readable.)
final class StopSignal: Sendable {
    let descriptor: Int32

    init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .last }
    }

    deinit { close(descriptor) }

    func set() { eventfd_write(descriptor, 1) }

    var isSet: Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) == 1
    }
}
