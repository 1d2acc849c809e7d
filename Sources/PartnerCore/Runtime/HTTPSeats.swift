import CSystem

/// The connections that a server has room for.
///
/// When all seats are taken, the connection whose peer we have waited for longest makes room: it is idle, or its peer is
/// slow on purpose. A peer that sends its request at once is never the one, however many others only hold their seats.
final class HTTPSeats: Sendable {
    enum Occupation: Sendable {
        /// Queued: for a thread.
        case queued, receiving, sending, handling, leaving

        var isWaitingForPeer: Bool {
            switch self {
            case .receiving, .sending: true
            case .queued, .handling, .leaving: false
            }
        }
    }

    private struct Seat {
        let socket: HTTPSocket
        var occupation: Occupation
        /// When that began, in the order of things.
        var turn: Int
        var isAskedToLeave = false
    }

    private struct State {
        var seats: [Seat?]
        var free: [Int]
        var turn = 0
        var isClosing = false

        /// Whoever blocks on the socket wakes up, and finds that the peer has come to its end. What it had sent before
        /// is still read, and answered.
        mutating func askToLeave(_ number: Int) {
            guard let seat = seats[number] else { return }
            seats[number]?.isAskedToLeave = true
            shutdown(seat.socket.descriptor, Int32(seat.occupation == .sending ? SHUT_RDWR : SHUT_RD))
        }
    }

    private let state: Lock<State>

    init(count: Int) {
        state = Lock(State(seats: [Seat?](repeating: nil, count: count), free: Array((0..<count).reversed())))
    }

    /// Seats that are taken.
    var taken: Int { state.withLock { $0.seats.count - $0.free.count } }

    /// - Returns: the seat's number; nil when none gets free in time.
    func take(_ socket: HTTPSocket, within milliseconds: Int = 0) -> Int? {
        state.wait(until: .after(milliseconds: milliseconds)) { state in
            guard let number = state.free.popLast() else { return nil }
            state.turn += 1
            state.seats[number] = Seat(socket: socket, occupation: .receiving, turn: state.turn)
            return number
        }
    }

    func leave(_ number: Int) {
        state.withLock { state in
            state.seats[number] = nil
            state.free.append(number)
        }
        state.notify()
    }

    func begin(_ occupation: Occupation, on number: Int) {
        state.withLock { state in
            state.turn += 1
            state.seats[number]?.occupation = occupation
            state.seats[number]?.turn = state.turn
        }
    }

    /// Whether another request may follow there.
    func mayStay(_ number: Int) -> Bool {
        state.withLock { !$0.isClosing && $0.seats[number]?.isAskedToLeave == false }
    }

    /// No connection is kept for another request from now on.
    func close() { state.withLock { $0.isClosing = true } }

    /// - Returns: false when there is nobody to be asked.
    func askOneToLeave() -> Bool {
        state.withLock { state in
            var longest: (number: Int, turn: Int)?
            for (number, seat) in state.seats.enumerated() {
                guard let seat, seat.occupation.isWaitingForPeer, !seat.isAskedToLeave else { continue }
                if longest.map({ seat.turn < $0.turn }) ?? true { longest = (number, seat.turn) }
            }
            guard let longest else { return false }
            state.askToLeave(longest.number)
            return true
        }
    }

    /// Whether a thread is about to get free.
    var isAnyoneLeaving: Bool {
        state.withLock { state in
            state.seats.contains { seat in
                guard let seat else { return false }
                return seat.occupation == .leaving || (seat.isAskedToLeave && seat.occupation.isWaitingForPeer)
            }
        }
    }

    func askAllToLeave() {
        state.withLock { state in
            for (number, seat) in state.seats.enumerated() {
                guard let seat, seat.occupation.isWaitingForPeer, !seat.isAskedToLeave else { continue }
                state.askToLeave(number)
            }
        }
    }
}
