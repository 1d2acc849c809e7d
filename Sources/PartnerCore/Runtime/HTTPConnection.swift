/// One connection: its requests are read, handled and answered one after the other.
struct HTTPConnection: Sendable {
    let socket: HTTPSocket
    let seat: Int
    let seats: HTTPSeats
    let limits: HTTPServer.Limits
    let stop: StopSignal
    let now: @Sendable () -> Timestamp
    let handler: @Sendable (Request) -> HTTPServer.Reply

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
            while let message = try receive(&parser) {
                seats.begin(.handling, on: seat)
                switch handler(message.request) {
                case .response(let response, let afterwards):
                    // Once an answer said that the connection goes on, it does: the peer may have sent its next request.
                    let keepsAlive = message.keepsAlive && seats.mayStay(seat)
                    let isSent = send(
                        response.httpBytes(
                            withBody: message.request.method != "HEAD", keepsAlive: keepsAlive, at: now()))
                    afterwards?()
                    guard isSent, keepsAlive else { return .farewell }
                case .reset: return .reset
                case .close: return .farewell
                }
            }
            return .close
        } catch {
            _ = send(error.httpBytes(withBody: !parser.isHead, at: now()))
            return .farewell
        }
    }

    /// Answers before anything was read.
    static func turnAway(_ socket: HTTPSocket, _ now: Timestamp) {
        // Nothing has been sent yet, so that there is room for it.
        _ = socket.send(
            HTTPRefusal.tooManyConnections.httpBytes(withBody: true, at: now), until: .after(milliseconds: 0))
    }

    /// The next request; nil when the peer is done, has been idle for long, or the server stops.
    private func receive(_ parser: inout HTTPRequestParser) throws(HTTPRefusal) -> HTTPRequestParser.Message? {
        if let message = try parser.next() { return message }
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
            if let message = try parser.next() { return message }
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
