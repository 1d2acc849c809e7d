/// One connection: its requests are read, handled and answered one after the other.
struct HTTPConnection: Sendable {
    let socket: HTTPSocket
    let limits: HTTPServer.Limits
    let stop: StopSignal
    let handler: @Sendable (Request) -> HTTPServer.Reply

    func serve() {
        var parser = HTTPRequestParser(headerBytes: limits.headerBytes, bodyBytes: limits.bodyBytes)
        do throws(HTTPRefusal) {
            while let message = try receive(&parser) {
                switch handler(message.request) {
                case .response(let response, let afterwards):
                    // Once an answer said that the connection goes on, it does: the peer may have sent its next request.
                    let keepsAlive = message.keepsAlive && !stop.isSet
                    let bytes = response.httpBytes(
                        withBody: message.request.method != "HEAD", keepsAlive: keepsAlive)
                    let isSent = send(bytes)
                    afterwards?()
                    guard isSent, keepsAlive else { return socket.closeGently() }
                case .reset: return socket.reset()
                case .close: return socket.closeGently()
                }
            }
        } catch {
            refuse(error, withBody: !parser.isHead)
        }
        socket.closeGently()
    }

    /// Answers before anything was read, and closes.
    func turnAway() {
        refuse(.tooManyConnections, withBody: true)
        socket.closeGently()
    }

    /// The next request; nil when the peer is done, has been idle for long, or the server stops.
    private func receive(_ parser: inout HTTPRequestParser) throws(HTTPRefusal) -> HTTPRequestParser.Message? {
        if let message = try parser.next() { return message }
        var phase = parser.phase
        var deadline = deadline(of: phase)
        while true {
            if parser.takeContinue(), !send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) { return nil }
            switch socket.receive(until: deadline, orUntil: phase == .idle ? stop : nil) {
            case .bytes(let bytes): parser.append(bytes)
            case .ended, .stopped: return nil
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
        socket.send(bytes, until: .after(milliseconds: limits.bodyMilliseconds))
    }

    private func refuse(_ refusal: HTTPRefusal, withBody: Bool) {
        let response = refusal.error.response(requestID: randomID())
        _ = send(response.httpBytes(withBody: withBody, keepsAlive: false))
    }
}
