import CSystem

/// What happens on the connections, told to one of the threads that wait for it.
final class HTTPEvents: Sendable {
    enum Event {
        /// Something has come there; `isEnding`: after which nothing will.
        case news(HTTPVisit, isEnding: Bool)
        case nothing
        /// There will be no more events.
        case over
    }

    /// No visit has it.
    private static let overNumber = UInt64.max

    private let descriptor: Int32
    private let over: Bell

    init() throws(SystemError) {
        over = try Bell()
        descriptor = csystem_epoll()
        guard descriptor >= 0, csystem_tell_all(descriptor, over.descriptor, Self.overNumber) else { throw .last }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Each thing that happens there from now on is told once.
    ///
    /// - Returns: false when the system has no room for that.
    func watch(_ socket: HTTPSocket, visit: HTTPVisit) -> Bool {
        csystem_tell_once(descriptor, socket.descriptor, visit.number)
    }

    /// What is closed is not watched any more either.
    func leaveAlone(_ socket: HTTPSocket) { csystem_tell_no_more(descriptor, socket.descriptor) }

    /// - Parameter milliseconds: -1 for as long as it takes.
    func next(within milliseconds: Int32) -> Event {
        var isEnding = false
        var number: UInt64 = 0
        guard csystem_next_event(descriptor, milliseconds, &number, &isEnding) else { return .nothing }
        return number == Self.overNumber ? .over : .news(HTTPVisit(number: number), isEnding: isEnding)
    }

    /// Nobody silences the bell, so that everybody hears it.
    func end() { over.ring() }
}
