/// What is done about an event, by whoever hears of it.
struct HTTPDuty: Sendable {
    let events: HTTPEvents
    let seats: HTTPSeats
    /// Sockets that have had our last word, on their way to the front door.
    let leaving = Lock<[HTTPSocket]>([])
    /// The front door's.
    let bell: Bell

    func serve(_ visit: HTTPVisit, isEnding: Bool, reading buffer: UnsafeMutableRawBufferPointer) {
        guard let connection = seats.claim(visit), let ending = connection.serve(isEnding: isEnding, reading: buffer)
        else { return }
        // Nobody may ask it any more: its descriptor will soon be another's.
        seats.begin(.leaving, on: visit.seat)
        switch ending {
        case .farewell:
            events.leaveAlone(connection.socket)
            leaving.withLock { $0.append(connection.socket) }
        case .close: connection.socket.close()
        case .reset: connection.socket.reset()
        }
        seats.leave(visit.seat)
        bell.ring()
    }
}
