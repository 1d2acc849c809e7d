import CSystem

/// The connections that a server has room for.
///
/// When all seats are taken, somebody whose refusal is taking its time makes room, or else the connection whose peer we
/// have waited for longest: it is idle, or its peer is slow on purpose. A peer that sends its request at once never has
/// to make room, however many others only hold their seats.
final class HTTPSeats: Sendable {
    enum Occupation: Sendable {
        /// Pausing: before a refusal is told.
        case receiving, sending, handling, pausing, leaving

        var makesRoom: Bool {
            switch self {
            case .receiving, .sending, .pausing: true
            case .handling, .leaving: false
            }
        }

        /// Which holds a thread all the time.
        var holdsThread: Bool {
            switch self {
            case .sending, .pausing: true
            case .receiving, .handling, .leaving: false
            }
        }
    }

    private struct Seat {
        let socket: HTTPSocket
        var occupation: Occupation
        /// When that began, in the order of things.
        var turn: Int
        var isAskedToLeave = false
        var connection: HTTPConnection?
        var visit: HTTPVisit?
        /// By a thread.
        var isClaimed = false
        /// Something has come since it was claimed.
        var hasNews = false
        /// Until when its peer is waited for.
        var deadline: Instant?
        var isIdle = true
        /// Its peer was waited for in vain.
        var isLate = false
    }

    private struct State {
        var seats: [Seat?]
        var free: [Int]
        var turn = 0
        var isClosing = false
        /// When somebody has to see who is late; never sooner than the earliest deadline.
        var nextLook = HTTPSeats.never

        /// That is news, and whoever hears of it finds that the peer has come to its end. What it had sent before is still
        /// read, and answered.
        mutating func askToLeave(_ number: Int) {
            guard let seat = seats[number] else { return }
            seats[number]?.isAskedToLeave = true
            shutdown(seat.socket.descriptor, Int32(seat.occupation == .sending ? SHUT_RDWR : SHUT_RD))
        }

        mutating func begin(_ occupation: Occupation, on number: Int) {
            turn += 1
            seats[number]?.occupation = occupation
            seats[number]?.turn = turn
        }

        func mayStay(_ number: Int) -> Bool {
            guard !isClosing, let seat = seats[number] else { return false }
            return !seat.isAskedToLeave && !seat.isLate
        }
    }

    /// What had been sent before the peer could know that the server stops is waited for this long.
    private static let lastRequestMilliseconds = 200
    private static let never = Instant(nanoseconds: .max)

    private let state: Lock<State>
    private let look: @Sendable () -> Void

    /// - Parameter look: called when somebody has to look for those who are late earlier than was said.
    init(count: Int, look: @escaping @Sendable () -> Void = {}) {
        state = Lock(State(seats: [Seat?](repeating: nil, count: count), free: Array((0..<count).reversed())))
        self.look = look
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
        state.withLock { $0.begin(occupation, on: number) }
    }

    func seat(_ connection: HTTPConnection, on number: Int) -> HTTPVisit {
        state.withLock { state in
            let visit = HTTPVisit(seat: number, turn: state.turn)
            state.seats[number]?.connection = connection
            state.seats[number]?.visit = visit
            return visit
        }
    }

    /// - Returns: who sits there, for the caller alone until it is `wait`ed for; nil for nobody, or when somebody else has
    ///   claimed it, who will hear that there is more.
    func claim(_ visit: HTTPVisit) -> HTTPConnection? {
        state.withLock { state in
            let number = visit.seat
            guard let seat = state.seats[number], seat.visit == visit, let connection = seat.connection else {
                return nil
            }
            state.seats[number]?.hasNews = seat.isClaimed
            state.seats[number]?.isClaimed = true
            return seat.isClaimed ? nil : connection
        }
    }

    /// Leaves it to whoever claims it when its peer has sent something.
    ///
    /// - Parameters:
    ///   - isNew: whether its peer is waited for from now on, not still.
    ///   - isIdle: whether that is for a new request.
    /// - Returns: false when something has come meanwhile: it stays claimed.
    func wait(on number: Int, isNew: Bool, isIdle: Bool, until deadline: Instant) -> Bool {
        var isEarliest = false
        let waits = state.withLock { state in
            guard var seat = state.seats[number] else { return true }
            let hasNews = seat.hasNews
            if isNew {
                state.turn += 1
                seat.turn = state.turn
            }
            seat.occupation = .receiving
            seat.hasNews = false
            seat.isClaimed = hasNews
            seat.isIdle = isIdle
            seat.deadline = state.isClosing && isIdle ? min(deadline, Self.lastRequest) : deadline
            isEarliest = seat.deadline.map { $0 < state.nextLook } ?? false
            if isEarliest { state.nextLook = seat.deadline ?? state.nextLook }
            state.seats[number] = seat
            return !hasNews
        }
        if isEarliest { look() }
        return waits
    }

    /// Ends the waiting for those who are late. Their input is at its end then, which is news.
    ///
    /// - Returns: in how many milliseconds to look again; nil when nobody is waited for.
    func endLate() -> Int? {
        state.withLock { state in
            let now = Instant.now()
            if state.nextLook <= now { state.nextLook = Self.endLate(&state.seats, at: now) }
            guard state.nextLook != Self.never else { return nil }
            // One more, because it is rounded down.
            return state.nextLook.nanoseconds(since: now) / 1_000_000 + 1
        }
    }

    /// - Returns: the earliest deadline of the others.
    private static func endLate(_ seats: inout [Seat?], at now: Instant) -> Instant {
        var next = never
        for (number, seat) in seats.enumerated() {
            guard let seat, seat.occupation == .receiving, !seat.isAskedToLeave, !seat.isLate,
                let deadline = seat.deadline
            else { continue }
            if deadline > now {
                next = min(next, deadline)
            } else {
                seats[number]?.isLate = true
                shutdown(seat.socket.descriptor, Int32(SHUT_RD))
            }
        }
        return next
    }

    /// Whether its peer was waited for in vain.
    func isLate(_ number: Int) -> Bool { state.withLock { $0.seats[number]?.isLate == true } }

    /// Whether another request may follow there.
    func mayStay(_ number: Int) -> Bool { state.withLock { $0.mayStay(number) } }

    /// Begins to send an answer, which says whether another request may follow.
    func beginAnswer(on number: Int) -> Bool {
        state.withLock { state in
            state.begin(.sending, on: number)
            return state.mayStay(number)
        }
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
        state.withLock { state in
            state.isClosing = true
            let last = Self.lastRequest
            for (number, seat) in state.seats.enumerated() {
                guard let seat, seat.isIdle, let deadline = seat.deadline, last < deadline else { continue }
                state.seats[number]?.deadline = last
                state.nextLook = min(state.nextLook, last)
            }
        }
        state.notify()
        look()
    }

    private static var lastRequest: Instant { .now().adding(milliseconds: lastRequestMilliseconds) }

    /// - Parameter holdingThread: whether only those come into question who hold a thread meanwhile.
    /// - Returns: false when there is nobody to be asked.
    func askOneToLeave(holdingThread: Bool = false) -> Bool {
        let isAnyoneAsked = state.withLock { state in
            var first: (number: Int, turn: Int)?
            for (number, seat) in state.seats.enumerated() {
                guard let seat, seat.occupation.makesRoom, !seat.isAskedToLeave else { continue }
                guard seat.occupation.holdsThread || !holdingThread else { continue }
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
