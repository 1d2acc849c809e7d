/// One connection: its requests are read, handled and answered one after the other, by whoever has claimed its seat. While
/// its peer is waited for nobody has.
final class HTTPConnection: @unchecked Sendable {
    /// How the socket is to be closed.
    enum Ending {
        /// The peer may still be sending, and has not heard our last word yet.
        case farewell
        /// There is nothing left to say or to read.
        case close
        case reset
    }

    private enum Stage {
        case head
        case body(HTTPRequestParser.Message, HTTPServer.Intake.Responder)
    }

    let socket: HTTPSocket
    private let seat: Int
    private let seats: HTTPSeats
    private let crew: HTTPCrew
    private let limits: HTTPServer.Limits
    private let now: @Sendable () -> Timestamp
    private let bodies: HTTPBodyBudget
    private let intake: HTTPServer.Intake

    private var parser: HTTPRequestParser
    private var stage = Stage.head
    /// What the peer has been waited for already.
    private var awaited: HTTPRequestParser.Phase?
    private var deadline = Instant(nanoseconds: .max)
    /// Of the budget for bodies.
    private var held = 0

    init(
        socket: HTTPSocket, seat: Int, seats: HTTPSeats, crew: HTTPCrew, limits: HTTPServer.Limits,
        now: @escaping @Sendable () -> Timestamp, bodies: HTTPBodyBudget, intake: HTTPServer.Intake
    ) {
        self.socket = socket
        self.seat = seat
        self.seats = seats
        self.crew = crew
        self.limits = limits
        self.now = now
        self.bodies = bodies
        self.intake = intake
        parser = HTTPRequestParser(headerBytes: limits.headerBytes, bodyBytes: limits.bodyBytes)
    }

    /// Reads what has come, and does what can be done with that.
    ///
    /// - Parameter isEnding: whether the peer has sent all it will.
    /// - Returns: nil when there is more to come, which will be told.
    func serve(isEnding: Bool, reading buffer: UnsafeMutableRawBufferPointer) -> Ending? {
        // What is told once has to be read to its end.
        var (mayHaveMore, readsAll, hasRead) = (true, isEnding, false)
        do throws(HTTPRefusal) {
            while true {
                if mayHaveMore {
                    // Who sends faster than we read could hold up all others.
                    if hasRead { crew.makeUp() }
                    hasRead = true
                    switch socket.receive(into: buffer) {
                    case .bytes(let count):
                        parser.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                        mayHaveMore = readsAll || count == buffer.count
                    case .nothing: mayHaveMore = false
                    case .ended: return try end()
                    }
                    if let ending = try proceed() { return ending }
                } else if try wait() {
                    return nil
                } else {
                    (mayHaveMore, readsAll) = (true, true)
                }
            }
        } catch {
            return refuse(error)
        }
    }

    /// From when on its peer is waited for: it has just come.
    func begin() { _ = startWaiting() }

    /// Handles the requests that have come.
    ///
    /// - Returns: nil when more bytes are needed.
    private func proceed() throws(HTTPRefusal) -> Ending? {
        while true {
            let ending: Ending?
            switch stage {
            case .head:
                guard let head = try parser.nextHead() else { return nil }
                awaited = nil
                ending = try take(head)
            case .body(let head, let respond):
                guard let body = try receiveBody() else { return nil }
                awaited = nil
                beginHandling()
                ending = answer(head, respond(.success(body)), keepsAlive: true)
            }
            if let ending { return ending }
        }
    }

    private func take(_ head: HTTPRequestParser.Message) throws(HTTPRefusal) -> Ending? {
        if let reply = intake.atOnce(head.request) { return try pass(head, reply) }
        beginHandling()
        switch intake(head.request, { [seats, seat] in seats.pause(on: seat, milliseconds: $0) }) {
        case .reply(let reply): return try pass(head, reply)
        case .body(let limit, let respond):
            stage = .body(head, respond)
            try parser.limitBody(to: limit)
            return nil
        }
    }

    /// That may take its time.
    private func beginHandling() {
        seats.begin(.handling, on: seat)
        crew.makeUp()
    }

    /// Answers what needs no body. What has come of it is read over, so that a next request is found; nothing is waited
    /// for, and where there would be more the connection ends (RFC 9112 section 9.3).
    private func pass(_ head: HTTPRequestParser.Message, _ reply: HTTPServer.Reply) throws(HTTPRefusal) -> Ending? {
        let hasAllCome: Bool
        do throws(HTTPRefusal) { hasAllCome = try parser.discardBody() } catch {
            reply.afterwards?()
            throw error
        }
        return answer(head, reply, keepsAlive: hasAllCome)
    }

    /// - Returns: how the connection ends; nil when it goes on.
    private func answer(
        _ head: HTTPRequestParser.Message, _ reply: HTTPServer.Reply, keepsAlive: Bool
    ) -> Ending? {
        stage = .head
        bodies.release(held)
        held = 0
        switch reply {
        case .response(let response, let afterwards):
            // Once an answer has said that the connection goes on, it does: the peer may have sent its next request
            // already.
            let mayStay = seats.beginAnswer(on: seat)
            let keepsAlive = keepsAlive && head.keepsAlive && mayStay
            let isSent = send(
                response.httpBytes(withBody: head.request.method != "HEAD", keepsAlive: keepsAlive, at: now()))
            afterwards?()
            return isSent && keepsAlive ? nil : .farewell
        case .reset: return .reset
        case .close: return .farewell
        }
    }

    /// Says why it ends. Who was to have the body says it in their own words.
    private func refuse(_ refusal: HTTPRefusal) -> Ending {
        if case .body(let head, let respond) = stage {
            return answer(head, respond(.failure(refusal.error)), keepsAlive: false) ?? .farewell
        }
        seats.begin(.sending, on: seat)
        _ = send(refusal.httpBytes(withBody: !parser.isHead, at: now()))
        return .farewell
    }

    /// Answers before anything was read.
    static func turnAway(_ socket: HTTPSocket, _ now: Timestamp) {
        // Nothing has been sent yet, so that there is room for it.
        _ = socket.send(
            HTTPRefusal.tooManyConnections.httpBytes(withBody: true, at: now), until: .after(milliseconds: 0))
    }

    /// Nil when there is more to come.
    private func receiveBody() throws(HTTPRefusal) -> [UInt8]? {
        let message = try parser.next()
        // Where more is to come there has to be room for a byte at least.
        let size = message.map { $0.request.body.count } ?? max(1, parser.held)
        guard bodies.grow(&held, to: size) else { throw .tooManyBodies }
        return message?.request.body
    }

    /// What is left to be done when nothing more will come.
    private func end() throws(HTTPRefusal) -> Ending {
        let phase = parser.phase
        if seats.isLate(seat) {
            switch phase {
            case .idle: return .close
            case .head: throw .headerTooSlow
            case .body: throw .bodyTooSlow
            }
        }
        guard phase == .idle || seats.mayStay(seat) else { throw .tooManyConnections }
        if case .body = stage { throw .bodyIncomplete }
        return .close
    }

    /// Waits for the peer, without a thread.
    ///
    /// - Returns: false when something has come meanwhile.
    private func wait() throws(HTTPRefusal) -> Bool {
        if case .body = stage, parser.takeContinue() {
            seats.begin(.sending, on: seat)
            guard send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { throw .bodyIncomplete }
            awaited = nil
        }
        return startWaiting()
    }

    private func startWaiting() -> Bool {
        let phase = parser.phase
        let isNew = awaited == nil
        parser.rest()
        if awaited != phase {
            awaited = phase
            let limit =
                switch phase {
                case .idle: limits.idleMilliseconds
                case .head: limits.headerMilliseconds
                case .body: limits.bodyMilliseconds
                }
            deadline = .now().adding(milliseconds: limit)
        }
        return seats.wait(on: seat, isNew: isNew, isIdle: phase == .idle, until: deadline)
    }

    /// A peer has as long for taking an answer as it has for sending a body.
    private func send(_ bytes: [UInt8]) -> Bool {
        socket.send(bytes, until: .after(milliseconds: limits.bodyMilliseconds))
    }
}

extension HTTPRefusal {
    fileprivate func httpBytes(withBody: Bool, at time: Timestamp) -> [UInt8] {
        error.response(requestID: randomID()).httpBytes(withBody: withBody, keepsAlive: false, at: time)
    }
}
