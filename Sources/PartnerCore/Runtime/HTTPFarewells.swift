import CSystem

/// Sockets that have had our last word. Were one closed at once, with bytes of its peer unread, the kernel would send RST,
/// and the peer's would throw away what it has not read yet. So each is read until its peer closes too, for a while.
struct HTTPFarewells {
    private struct Farewell {
        let socket: HTTPSocket
        let deadline: Deadline
    }

    /// What a peer may still send, in milliseconds.
    private static let lingering = 1_000
    /// Then the one that began first has had its time.
    private static let most = 256

    /// In the order of their deadlines.
    private var farewells: [Farewell] = []

    var isEmpty: Bool { farewells.isEmpty }

    mutating func add(_ socket: HTTPSocket) {
        if farewells.count == Self.most { farewells.removeFirst().socket.close() }
        socket.finishSending()
        farewells.append(Farewell(socket: socket, deadline: .after(milliseconds: Self.lingering)))
    }

    /// Sleeps until a connection comes, the bell rings, the time is over, or a peer did something; and closes what is
    /// done with.
    mutating func wait(for listener: Int32, or bell: Bell, milliseconds: Int) {
        var descriptors = farewells.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
        descriptors.append(pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0))
        descriptors.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
        let next = farewells.first.map { max(0, $0.deadline.remainingMilliseconds) + 1 } ?? .max
        let limit = min(milliseconds, next)
        poll(&descriptors, nfds_t(descriptors.count), limit == .max ? -1 : Int32(clamping: limit))

        var remaining: [Farewell] = []
        for (index, farewell) in farewells.enumerated() {
            let isDone = descriptors[index].revents != 0 && farewell.socket.discardReceived()
            if isDone || farewell.deadline.remainingMilliseconds <= 0 {
                farewell.socket.close()
            } else {
                remaining.append(farewell)
            }
        }
        farewells = remaining
    }
}
