/// One connection: its requests are read, handled and answered one after the other.
struct HTTPConnection: Sendable {
    let socket: HTTPSocket
    let seat: Int
    let seats: HTTPSeats
    let limits: HTTPServer.Limits
    let stop: StopSignal
    let now: @Sendable () -> Timestamp
    let bodies: HTTPBodyBudget
    let intake: HTTPServer.Intake

    /// How the socket is to be closed.
    enum Ending {
        /// The peer may still be sending, and has not heard our last word yet.
        case farewell
        /// There is nothing left to say or to read.
        case close
        case reset
    }

    /// What had been sent before the peer could know that the server stops is waited for this long.
    private static let lastRequestMilliseconds = 200

    func serve() -> Ending {
        var parser = HTTPRequestParser(headerBytes: limits.headerBytes, bodyBytes: limits.bodyBytes)
        do throws(HTTPRefusal) {
            while let head = try receive(&parser, { parser throws(HTTPRefusal) in try parser.nextHead() }) {
                seats.begin(.handling, on: seat)
                let ending =
                    switch intake(head.request, { seats.pause(on: seat, milliseconds: $0) }) {
                    case .reply(let reply): try answer(head, reply, passingOver: &parser)
                    case .body(let limit, let respond): answer(head, respond, to: &parser, atMost: limit)
                    }
                if let ending { return ending }
            }
            return .close
        } catch {
            _ = send(error.httpBytes(withBody: !parser.isHead, at: now()))
            return .farewell
        }
    }

    /// Answers what needs no body. What has come of it is read over, so that a next request is found; nothing is waited
    /// for, and where there would be more the connection ends (RFC 9112 section 9.3).
    private func answer(
        _ head: HTTPRequestParser.Message, _ reply: HTTPServer.Reply, passingOver parser: inout HTTPRequestParser
    ) throws(HTTPRefusal) -> Ending? {
        let hasAllCome: Bool
        do throws(HTTPRefusal) { hasAllCome = try parser.discardBody() } catch {
            reply.afterwards?()
            throw error
        }
        return answer(head, reply, keepsAlive: hasAllCome)
    }

    /// Takes the body and answers.
    private func answer(
        _ head: HTTPRequestParser.Message, _ respond: HTTPServer.Intake.Responder, to parser: inout HTTPRequestParser,
        atMost limit: Int
    ) -> Ending? {
        var held = 0
        let reply: HTTPServer.Reply
        var hasAllCome = true
        do throws(HTTPRefusal) {
            let body = try receiveBody(&parser, atMost: limit, holding: &held)
            seats.begin(.handling, on: seat)
            reply = respond(.success(body))
        } catch {
            hasAllCome = false
            reply = respond(.failure(error.error))
        }
        bodies.release(held)
        return answer(head, reply, keepsAlive: hasAllCome)
    }

    /// - Returns: how the connection ends; nil when it goes on.
    private func answer(
        _ head: HTTPRequestParser.Message, _ reply: HTTPServer.Reply, keepsAlive: Bool
    ) -> Ending? {
        switch reply {
        case .response(let response, let afterwards):
            // Once an answer has said that the connection goes on, it does: the peer may have sent its next request
            // already.
            let keepsAlive = keepsAlive && head.keepsAlive && seats.mayStay(seat)
            let isSent = send(
                response.httpBytes(withBody: head.request.method != "HEAD", keepsAlive: keepsAlive, at: now()))
            afterwards?()
            return isSent && keepsAlive ? nil : .farewell
        case .reset: return .reset
        case .close: return .farewell
        }
    }

    /// Answers before anything was read.
    static func turnAway(_ socket: HTTPSocket, _ now: Timestamp) {
        // Nothing has been sent yet, so that there is room for it.
        _ = socket.send(
            HTTPRefusal.tooManyConnections.httpBytes(withBody: true, at: now), until: .after(milliseconds: 0))
    }

    private func receiveBody(
        _ parser: inout HTTPRequestParser, atMost limit: Int, holding held: inout Int
    ) throws(HTTPRefusal) -> [UInt8] {
        try parser.limitBody(to: limit)
        let message = try receive(&parser) { parser throws(HTTPRefusal) in
            let message = try parser.next()
            // Where more is to come there has to be room for a byte at least.
            let size = message.map { $0.request.body.count } ?? max(1, parser.held)
            guard bodies.grow(&held, to: size) else { throw .tooManyBodies }
            return message
        }
        guard let message else { throw .bodyIncomplete }
        return message.request.body
    }

    /// What the parser makes of what comes; nil when the peer is done, has been idle for long, or the server stops.
    private func receive(
        _ parser: inout HTTPRequestParser,
        _ next: (inout HTTPRequestParser) throws(HTTPRefusal) -> HTTPRequestParser.Message?
    ) throws(HTTPRefusal) -> HTTPRequestParser.Message? {
        if let message = try next(&parser) { return message }
        seats.begin(.receiving, on: seat)
        var phase = parser.phase
        var deadline = deadline(of: phase)
        var stop: StopSignal? = stop
        while true {
            if parser.takeContinue() {
                guard send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
                seats.begin(.receiving, on: seat)
            }
            switch socket.receive(until: deadline, orUntil: phase == .idle ? stop : nil) {
            case .bytes(let bytes): parser.append(bytes)
            case .ended:
                guard phase == .idle || seats.mayStay(seat) else { throw .tooManyConnections }
                return nil
            case .stopped:
                stop = nil
                deadline = .after(milliseconds: Self.lastRequestMilliseconds)
            case .late:
                switch phase {
                case .idle: return nil
                case .head: throw .headerTooSlow
                case .body: throw .bodyTooSlow
                }
            }
            if let message = try next(&parser) { return message }
            if parser.phase != phase {
                phase = parser.phase
                deadline = self.deadline(of: phase)
            }
        }
    }

    private func deadline(of phase: HTTPRequestParser.Phase) -> Deadline {
        switch phase {
        case .idle: .after(milliseconds: limits.idleMilliseconds)
        case .head: .after(milliseconds: limits.headerMilliseconds)
        case .body: .after(milliseconds: limits.bodyMilliseconds)
        }
    }

    /// A peer has as long for taking an answer as it has for sending a body.
    private func send(_ bytes: [UInt8]) -> Bool {
        seats.begin(.sending, on: seat)
        return socket.send(bytes, until: .after(milliseconds: limits.bodyMilliseconds))
    }
}

extension HTTPRefusal {
    fileprivate func httpBytes(withBody: Bool, at time: Timestamp) -> [UInt8] {
        error.response(requestID: randomID()).httpBytes(withBody: withBody, keepsAlive: false, at: time)
    }
}
