import CSystem

/// The connections that a server has room for.
///
/// When all seats are taken, somebody whose refusal is taking its time makes room, or else the connection whose peer we
/// have waited for longest: it is idle, or its peer is slow on purpose. A peer that sends its request at once never has
/// to make room, however many others only hold their seats.
final class HTTPSeats: Sendable {
    enum Occupation: Sendable {
        /// Queued: for a thread. Pausing: before a refusal is told.
        case queued, receiving, sending, handling, pausing, leaving

        var makesRoom: Bool {
            switch self {
            case .receiving, .sending, .pausing: true
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

    /// Returns when the time is over, or the room is needed.
    func pause(on number: Int, milliseconds: Int) {
        begin(.pausing, on: number)
        _ = state.wait(until: .after(milliseconds: milliseconds)) { state in
            state.isClosing || state.seats[number]?.isAskedToLeave == true ? true : nil
        }
        begin(.handling, on: number)
    }

    /// No connection is kept for another request from now on.
    func close() {
        state.withLock { $0.isClosing = true }
        state.notify()
    }

    /// - Returns: false when there is nobody to be asked.
    func askOneToLeave() -> Bool {
        let isAnyoneAsked = state.withLock { state in
            var first: (number: Int, turn: Int)?
            for (number, seat) in state.seats.enumerated() {
                guard let seat, seat.occupation.makesRoom, !seat.isAskedToLeave else { continue }
                let turn = seat.occupation == .pausing ? Int.min : seat.turn
                if first.map({ turn < $0.turn }) ?? true { first = (number, turn) }
            }
            guard let first else { return false }
            state.askToLeave(first.number)
            return true
        }
        // Who pauses does not wait at a socket.
        state.notify()
        return isAnyoneAsked
    }

    /// Whether a thread is about to get free.
    var isAnyoneLeaving: Bool {
        state.withLock { state in
            state.seats.contains { seat in
                guard let seat else { return false }
                return seat.occupation == .leaving || (seat.isAskedToLeave && seat.occupation.makesRoom)
            }
        }
    }

    func askAllToLeave() {
        state.withLock { state in
            for (number, seat) in state.seats.enumerated() {
                guard let seat, seat.occupation.makesRoom, !seat.isAskedToLeave else { continue }
                state.askToLeave(number)
            }
        }
        state.notify()
    }
}
