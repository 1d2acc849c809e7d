import CSystem
import TestSupport
import Testing

@testable import PartnerCore

@Suite("The HTTP server")
struct HTTPServerTests {
    @Test("a request is answered with literal bytes, and the connection goes on")
    func keepAlive() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(
                connection.read(through: "GET /a?b ")
                    == "HTTP/1.1 200 OK\r\n\(Self.date)X-Test: yes\r\nContent-Length: 9\r\nConnection: keep-alive\r\n\r\nGET /a?b "
            )
            connection.send("GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let (text, ending) = connection.readToEnd()
            #expect(
                text
                    == "HTTP/1.1 200 OK\r\n\(Self.date)X-Test: yes\r\nContent-Length: 8\r\nConnection: close\r\n\r\nGET /c? "
            )
            #expect(ending == .closed)
        }
    }

    @Test("pipelined requests are answered in order, the last one to a peer that has finished sending")
    func pipelining() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send(
                """
                POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\
                POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n\
                GET /3 HTTP/1.1\r\nHost: x\r\n\r\n
                """)
            connection.finishSending()
            let (text, ending) = connection.readToEnd()
            #expect(Self.bodies(text) == ["POST /1? abc", "POST /2? xyz", "GET /3? "])
            #expect(ending == .closed)
        }
    }

    @Test("HTTP/1.0 is answered and closed, and kept alive when it asks")
    func version10() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")
            let (text, ending) = connection.readToEnd()
            #expect(Self.bodies(text) == ["GET /1? ", "GET /2? "])
            #expect(text.contains("Connection: keep-alive") && text.contains("Connection: close"))
            #expect(ending == .closed)
        }
    }

    @Test("HEAD is answered with the length that GET would have, and no body")
    func head() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(
                connection.readToEnd().text
                    == "HTTP/1.1 200 OK\r\n\(Self.date)X-Test: yes\r\nContent-Length: 9\r\nConnection: close\r\n\r\n")
        }
    }

    @Test("204 has neither a body nor a length")
    func noContent() throws {
        try serving(answer: { _ in .response(Response(status: 204, body: Array("x".utf8))) }) { port in
            try #expect(
                Self.exchange("GET / HTTP/1.0\r\n\r\n", port)
                    == "HTTP/1.1 204 No Content\r\n\(Self.date)Connection: close\r\n\r\n")
        }
    }

    @Test("a line break in a handler's header never reaches the wire")
    func splitting() throws {
        try serving(answer: { _ in .response(Response(status: 200, headers: ["X": "a\r\nSet-Cookie: b"])) }) { port in
            let text = try Self.exchange("GET / HTTP/1.0\r\n\r\n", port)
            #expect(text.hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
            #expect(!text.contains("Set-Cookie"))
        }
    }

    @Test("a body that waits for 100 Continue is asked for")
    func continues() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send(
                "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
            #expect(connection.read(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            connection.send("abc")
            #expect(Self.bodies(connection.readToEnd().text) == ["POST /? abc"])
        }
    }

    @Test("a body that would be too large is refused before it is asked for")
    func continueRefused() throws {
        try serving { port in
            let text = try Self.exchange(
                "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n", port)
            #expect(text.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
        }
    }

    @Test(
        "a refusal is a JSON error, and the connection is closed",
        arguments: [
            ("GET / HTTP/1.1\nHost: x\r\n\r\n", "400 Bad Request", "MALFORMED_REQUEST"),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "400 Bad Request",
                "MALFORMED_REQUEST"
            ),
            ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "MALFORMED_REQUEST"),
            ("GET / HTTP/3.0\r\n\r\n", "505 HTTP Version Not Supported", "HTTP_VERSION_NOT_SUPPORTED"),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: br\r\n\r\n", "501 Not Implemented",
                "TRANSFER_ENCODING_UNKNOWN"
            ),
            ("GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", "417 Expectation Failed", "EXPECTATION_FAILED"),
            (
                "GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\n", "431 Request Header Fields Too Large",
                "HEADER_TOO_LARGE"
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n", "413 Content Too Large",
                "BODY_TOO_LARGE"
            ),
        ])
    func refusals(text: String, status: String, code: String) throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send(text + "GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
            let (answer, ending) = connection.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n\(Self.date)Content-Type: application/json\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n\r\n"))
            let error = try JSON.parse(Array(Self.bodies(answer)[0].utf8))
            #expect(error["error_code"] == .string(code))
            #expect(error["request_id"]?.string?.utf8.count == 32)
            #expect(!answer.contains("/second"))
            #expect(ending == .closed)
        }
    }

    @Test("a refusal arrives although the peer goes on sending")
    func lingering() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
            connection.send([UInt8](repeating: 0, count: 3_000_000))
            connection.finishSending()
            let (answer, ending) = connection.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(ending == .closed)
        }
    }

    @Test("a refused HEAD is answered without a body")
    func refusedHead() throws {
        try serving { port in
            let text = try Self.exchange("HEAD / HTTP/1.1\r\n\r\n", port)
            #expect(text.hasPrefix("HTTP/1.1 400 "))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("a header that does not come to its end is answered 408")
    func slowHeader() throws {
        var limits = HTTPServer.Limits()
        limits.headerMilliseconds = 50
        try serving(limits: limits) { port in
            try #expect(Self.exchange("GET / HTTP/1.1\r\nHost: ", port).hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        }
    }

    @Test("a body that does not come to its end is answered 408")
    func slowBody() throws {
        var limits = HTTPServer.Limits()
        limits.bodyMilliseconds = 50
        try serving(limits: limits) { port in
            let text = try Self.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc", port)
            #expect(text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        }
    }

    @Test("an idle connection is closed without a word")
    func idle() throws {
        var limits = HTTPServer.Limits()
        limits.idleMilliseconds = 50
        try serving(limits: limits) { port in
            try #expect(Self.exchange("", port) == "")
        }
    }

    @Test("when every seat is at work, a newcomer gets a polite 503, and a seat when one is free")
    func tooMany() throws {
        let isWorking = Lock(false)
        let release = Lock(false)
        let answer: @Sendable (Request) -> HTTPServer.Reply = { request in
            if request.path == "/work" {
                isWorking.withLock { $0 = true }
                isWorking.notify()
                _ = release.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
            }
            return .response(Response(status: 200))
        }
        try serving(limits: Self.seats(1), answer: answer) { port in
            let first = try #require(RawConnection(port: port))
            first.send("GET /work HTTP/1.0\r\n\r\n")
            _ = isWorking.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
            let second = try #require(RawConnection(port: port))
            second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            second.finishSending()
            let (text, ending) = second.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(text.contains("\r\nRetry-After: 1\r\n"))
            #expect(ending == .closed)
            release.withLock { $0 = true }
            release.notify()
            #expect(first.readToEnd().text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            while try !Self.exchange("GET / HTTP/1.0\r\n\r\n", port).hasPrefix("HTTP/1.1 200 ") {}
        }
    }

    @Test("when all seats are taken, a peer that is slow with its request makes room, and is told so")
    func slowMakesRoom() throws {
        try serving(limits: Self.seats(1)) { port in
            let slow = try #require(RawConnection(port: port))
            slow.send("GET / HTTP/1.1\r\nHost: ")
            while try !Self.exchange("GET / HTTP/1.0\r\n\r\n", port).hasPrefix("HTTP/1.1 200 ") {}
            let (text, ending) = slow.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(ending == .closed)
        }
    }

    @Test("an idle connection makes room without a word")
    func idleMakesRoom() throws {
        try serving(limits: Self.seats(1)) { port in
            let idle = try #require(RawConnection(port: port))
            idle.send("GET /idle HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = idle.read(through: "GET /idle? ")
            while try !Self.exchange("GET / HTTP/1.0\r\n\r\n", port).hasPrefix("HTTP/1.1 200 ") {}
            #expect(idle.readToEnd() == ("", .closed))
        }
    }

    @Test("a peer that takes no answer makes room as well")
    func stuckMakesRoom() throws {
        let large: @Sendable (Request) -> HTTPServer.Reply = { request in
            .response(Response(status: 200, body: [UInt8](repeating: 65, count: request.path == "/" ? 1 : 16_000_000)))
        }
        try serving(limits: Self.seats(1), answer: large) { port in
            let stuck = try #require(RawConnection(port: port))
            stuck.send("GET /large HTTP/1.0\r\n\r\n")
            _ = stuck.read(through: "AAAA")
            while try !Self.exchange("GET / HTTP/1.0\r\n\r\n", port).hasPrefix("HTTP/1.1 200 ") {}
        }
    }

    @Test("what is to be done after an answer is done when the answer has arrived")
    func afterwards() throws {
        let done = Lock(false)
        let hasArrived = Lock(false)
        let answer: @Sendable (Request) -> HTTPServer.Reply = { _ in
            .response(Response(status: 204)) {
                _ = hasArrived.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
                done.withLock { $0 = true }
                done.notify()
            }
        }
        try serving(answer: answer) { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(connection.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            #expect(done.withLock { $0 } == false)
            hasArrived.withLock { $0 = true }
            hasArrived.notify()
            #expect(done.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil } == true)
        }
    }

    @Test("a handler may reset a connection, or close it, without an answer")
    func noAnswer() throws {
        try serving(answer: { $0.path == "/reset" ? .reset : .close }) { port in
            let reset = try #require(RawConnection(port: port))
            reset.send("GET /reset HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reset.readToEnd() == ("", .reset))
            let closed = try #require(RawConnection(port: port))
            closed.send("GET /close HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(closed.readToEnd() == ("", .closed))
        }
    }

    @Test("a peer that leaves while it is answered hurts nobody else")
    func peerLeaves() throws {
        try serving(answer: { _ in .response(Response(status: 200, body: [UInt8](repeating: 65, count: 8_000_000))) }) {
            port in
            for _ in 0..<4 {
                let connection = try #require(RawConnection(port: port))
                connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            }
            try #expect(Self.exchange("GET / HTTP/1.0\r\n\r\n", port).hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test("stopping lets what runs be answered, says so, and refuses new connections")
    func draining() throws {
        let started = Lock(false)
        let release = Lock(false)
        let server = try HTTPServer(port: 0, now: Self.now) { _ in
            started.withLock { $0 = true }
            started.notify()
            _ = release.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
            return .response(Response(status: 200))
        }
        guard let run = Thread({ server.run() }) else { throw SystemError(code: EAGAIN) }
        let idle = try #require(RawConnection(port: server.port))
        let busy = try #require(RawConnection(port: server.port))
        busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = started.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
        server.stop()
        #expect(idle.readToEnd() == ("", .closed))
        while RawConnection(port: server.port) != nil {}
        release.withLock { $0 = true }
        release.notify()
        #expect(
            busy.readToEnd() == (
                "HTTP/1.1 200 OK\r\n\(Self.date)Content-Length: 0\r\nConnection: close\r\n\r\n", .closed
            ))
        run.join()
    }

    @Test("stopping waits for no request that is not coming to its end, and for no handler that does not")
    func drainingIsBounded() throws {
        var limits = HTTPServer.Limits()
        limits.drainMilliseconds = 100
        let isWorking = Lock(false)
        let release = Lock(false)
        let server = try HTTPServer(port: 0, limits: limits) { _ in
            isWorking.withLock { $0 = true }
            isWorking.notify()
            _ = release.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
            return .close
        }
        let unfinished = Lock<Int?>(nil)
        guard let run = Thread({ unfinished.withLock { $0 = server.run() } }) else { throw SystemError(code: EAGAIN) }
        let slow = try #require(RawConnection(port: server.port))
        slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
        let busy = try #require(RawConnection(port: server.port))
        busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = isWorking.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
        server.stop()
        run.join()
        #expect(slow.readToEnd().text.hasPrefix("HTTP/1.1 503 "))
        #expect(unfinished.withLock { $0 ?? 0 } >= 1)
        release.withLock { $0 = true }
        release.notify()
    }

    @Test("a port that is taken, or is none, is said to be")
    func portTaken() throws {
        try serving { port in
            #expect(throws: HTTPServerError.cannotListen(port: port, SystemError(code: EADDRINUSE))) {
                try HTTPServer(port: port) { _ in .close }
            }
        }
        #expect(throws: HTTPServerError.noSuchPort(65_536)) { try HTTPServer(port: 65_536) { _ in .close } }
    }

    private static func seats(_ count: Int) -> HTTPServer.Limits {
        var limits = HTTPServer.Limits()
        limits.connections = count
        return limits
    }

    /// Runs a server around a test. Unless told otherwise it answers with what it was asked.
    private func serving(
        limits: HTTPServer.Limits = HTTPServer.Limits(),
        answer: @escaping @Sendable (Request) -> HTTPServer.Reply = Self.echo,
        _ body: (_ port: Int) throws -> Void
    ) throws {
        let server = try HTTPServer(port: 0, limits: limits, now: Self.now, handler: answer)
        guard let run = Thread({ server.run() }) else { throw SystemError(code: EAGAIN) }
        let result = Result { try body(server.port) }
        server.stop()
        run.join()
        try result.get()
    }

    /// RFC 9110's own example.
    private static let now: @Sendable () -> Timestamp = { Timestamp(epochSeconds: 784_111_777) }
    private static let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    private static let echo: @Sendable (Request) -> HTTPServer.Reply = { request in
        let head = Array("\(request.method) \(request.path)?\(request.query) ".utf8)
        return .response(Response(status: 200, headers: ["X-Test": "yes"], body: head + request.body))
    }

    private static func exchange(_ text: String, _ port: Int) throws -> String {
        let connection = try #require(RawConnection(port: port))
        connection.send(text)
        return connection.readToEnd().text
    }

    /// The bodies of answers that follow each other.
    private static func bodies(_ text: String) -> [String] {
        var bodies: [String] = []
        var rest = text.utf8[...]
        while let end = String(rest)?.firstRange(of: "\r\n\r\n") {
            let all = String(rest)!
            let head = all[..<end.lowerBound]
            let length = Int(head.split(separator: "Content-Length: ")[1].prefix { $0.isNumber })!
            bodies.append(String(all[end.upperBound...].utf8.prefix(length))!)
            rest = all[end.upperBound...].utf8.dropFirst(length)
        }
        return bodies
    }
}
