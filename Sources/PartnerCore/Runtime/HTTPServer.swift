import CSystem

/// A small, strict HTTP/1.1 server. A connection holds a thread as long as a request of its is handled and answered, by
/// blocking calls; who waits for its peer holds none.
public final class HTTPServer: Sendable {
    /// What a peer may take. The defaults suit an API of small JSON bodies.
    public struct Limits: Sendable {
        /// The request line, the fields, the trailers and the chunk extensions together.
        public var headerBytes = 16_384
        public var bodyBytes = 1_048_576
        /// Of the bodies of all connections together, from their first byte until they are answered. Then 503.
        public var bodyBudget = 67_108_864
        /// From a request's first byte to the end of its header.
        public var headerMilliseconds = 10_000
        public var bodyMilliseconds = 30_000
        /// Between requests, and before the first.
        public var idleMilliseconds = 60_000
        /// When one more comes, the one that has been waited for longest makes room. It is answered with 503 if all of
        /// them are at work. Cloud Run sends at most 1,000 requests at a time.
        public var connections = 1024
        /// From `stop` to the end of `run`. Cloud Run kills 10 s after SIGTERM.
        public var drainMilliseconds = 9_500

        public init() {}
    }

    /// What becomes of a request.
    public enum Reply: Sendable {
        /// The server adds Date, Content-Length and Connection. What is to be done afterwards is done once the answer is
        /// sent, before the connection's next request is read: something short, like a line in a log.
        case response(Response, afterwards: (@Sendable () -> Void)? = nil)
        /// RST, no answer.
        case reset
        /// FIN, no answer.
        case close
    }

    public enum Interface: Sendable { case loopback, all }

    /// How long a newcomer waits for the one that makes room.
    private static let makingRoomMilliseconds = 100

    /// The port it listens on.
    public let port: Int
    private let listener: Int32
    private let limits: Limits
    private let intake: Intake
    private let now: @Sendable () -> Timestamp
    private let seats: HTTPSeats
    private let bodies: HTTPBodyBudget
    private let duty: HTTPDuty
    private let crew: HTTPCrew
    private let isStopping = Lock(false)
    private let bell: Bell

    /// Binds and listens: connections are taken from here on, and answered from `run` on.
    ///
    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - now: for `Date`.
    ///   - handler: called by many threads at once.
    public convenience init(
        port: Int, on interface: Interface = .loopback, limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp = { .now() }, handler: @escaping @Sendable (Request) -> Reply
    ) throws(HTTPServerError) {
        try self.init(
            port: port, on: interface, limits: limits, now: now, intake: .all(atMost: limits.bodyBytes, handler))
    }

    /// - Parameter intake: what the head of a request decides, before its body is taken.
    init(
        port: Int, on interface: Interface = .loopback, limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp = { .now() }, intake: Intake
    ) throws(HTTPServerError) {
        guard let number = UInt16(exactly: port) else { throw .noSuchPort(port) }
        let events: HTTPEvents
        do throws(SystemError) {
            events = try HTTPEvents()
            bell = try Bell()
            listener = try Self.listen(on: number, interface)
            self.port = try Self.port(of: listener)
        } catch {
            throw .cannotListen(port: port, error)
        }
        self.limits = limits
        self.intake = intake
        self.now = now
        // As many again for calls to the outside while requests are handled, for farewells, and for files.
        let descriptors = Int(csystem_raise_descriptor_limit(UInt(4 * limits.connections)))
        // Where address space is scarce, half of it is for their threads' stacks.
        let addressSpace = MemoryLimit().addressSpace
        csystem_limit_arenas(addressSpace == .max ? Int32(clamping: Thread.processors) : 1)
        let threads = addressSpace / 2 / Thread.stackSize
        let count = max(1, min(limits.connections, descriptors / 4, threads))
        seats = HTTPSeats(count: count, look: bell.ring)
        duty = HTTPDuty(events: events, seats: seats, bell: bell)
        crew = HTTPCrew(most: count, duty: duty)
        bodies = HTTPBodyBudget(bytes: limits.bodyBudget)
    }

    deinit { close(listener) }

    /// Blocks: serves until `stop` is called and every request that has come by then is answered. Once only.
    ///
    /// - Returns: how many connections were still at work when the time for that was over.
    @discardableResult
    public func run() -> Int {
        var farewells = HTTPFarewells()
        while !isStopping.withLock({ $0 }) {
            // One more is asked to leave, as long as nobody is left to serve the others.
            let isShort = crew.isShort
            if isShort { _ = seats.askOneToLeave(holdingThread: true) }
            attend(&farewells, milliseconds: isShort ? Self.makingRoomMilliseconds : .max, isOpen: true)
            acceptAll(&farewells)
        }
        acceptAll(&farewells)
        // A listening socket that is shut down refuses connections; those that had been made are served.
        shutdown(listener, Int32(SHUT_RD))
        defer { crew.end() }
        return drain(&farewells)
    }

    /// Stops accepting and lets `run` return.
    public func stop() {
        isStopping.withLock { $0 = true }
        seats.close()
        bell.ring()
    }

    /// At work are requests that have come, to be answered; and those that are still coming, for half of the time.
    private func drain(_ farewells: inout HTTPFarewells) -> Int {
        let patience = Deadline.after(milliseconds: limits.drainMilliseconds / 2)
        let end = Deadline.after(milliseconds: limits.drainMilliseconds)
        while end.remainingMilliseconds > 0 {
            let taken = seats.taken
            if taken == 0 && farewells.isEmpty && duty.leaving.withLock({ $0.isEmpty }) { return 0 }
            if patience.remainingMilliseconds <= 0 { seats.askAllToLeave() }
            let next = patience.remainingMilliseconds > 0 ? patience : end
            attend(&farewells, milliseconds: next.remainingMilliseconds, isOpen: false)
        }
        return seats.taken
    }

    /// The front door: waits for somebody to come, to leave or to be gone.
    private func attend(_ farewells: inout HTTPFarewells, milliseconds: Int, isOpen: Bool) {
        let next = min(seats.endLate() ?? .max, crew.look() ?? .max)
        farewells.wait(for: isOpen ? listener : -1, or: bell, milliseconds: min(milliseconds, next))
        bell.silence()
        for socket in duty.leaving.withLock({ leaving in
            defer { leaving = [] }
            return leaving
        }) { farewells.add(socket) }
    }

    private func acceptAll(_ farewells: inout HTTPFarewells) {
        // Not for ever, though they may come for ever: there are farewells to be said.
        for _ in 0..<64 {
            let descriptor = csystem_accept(listener)
            if descriptor >= 0 {
                admit(HTTPSocket(accepted: descriptor), &farewells)
                continue
            }
            switch csystem_errno() {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // The connection stays in the queue, and poll would say so at once, again and again.
                _ = seats.askOneToLeave()
                return sleep(milliseconds: Self.makingRoomMilliseconds)
            default: return
            }
        }
    }

    private func admit(_ socket: HTTPSocket, _ farewells: inout HTTPFarewells) {
        let seat =
            seats.take(socket)
            ?? (seats.askOneToLeave() ? seats.take(socket, within: Self.makingRoomMilliseconds) : nil)
        guard let seat else {
            HTTPConnection.turnAway(socket, now())
            return farewells.add(socket)
        }
        let connection = HTTPConnection(
            socket: socket, seat: seat, seats: seats, crew: crew, limits: limits, now: now, bodies: bodies,
            intake: intake)
        connection.begin()
        let visit = seats.seat(connection, on: seat)
        guard crew.gather(), duty.events.watch(socket, visit: visit) else {
            seats.leave(seat)
            HTTPConnection.turnAway(socket, now())
            return farewells.add(socket)
        }
    }
}

/// Why there is no server.
public enum HTTPServerError: Error, Equatable {
    case noSuchPort(Int)
    case cannotListen(port: Int, SystemError)
    case noThread

    public var description: String {
        switch self {
        case .noSuchPort(let port): "\(port) is no port: expected 0 to 65535"
        case .cannotListen(let port, SystemError(code: EADDRINUSE)):
            "port \(port) is taken: another process listens there"
        case .cannotListen(let port, SystemError(code: EACCES)):
            "port \(port) is not for this user: take one from 1024 up"
        case .noThread: "the system has no thread left to give"
        case .cannotListen(let port, let error): "cannot listen on port \(port): \(error.reason)"
        }
    }
}
