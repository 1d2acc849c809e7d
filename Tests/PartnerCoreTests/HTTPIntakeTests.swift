import TestSupport
import Testing

@testable import PartnerCore

@Suite("What the head of a request decides")
struct HTTPIntakeTests {
    private static let body = "Content-Length: 5\r\n\r\n"

    /// Bodies of up to 5 bytes for `/take`, none for anything else.
    private static let intake = HTTPServer.Intake { head, _ in
        guard head.path == "/take" else { return .reply(.response(Response(status: 401))) }
        return .body(atMost: 5) { body in
            switch body {
            case .success(let bytes): .response(Response(status: 200, body: bytes))
            case .failure(let error): .response(Response(status: error.status, body: Array(error.code.utf8)))
            }
        }
    }

    @Test("a refusal waits for no body, and ends the connection, since the body may come still")
    func refused() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("POST / HTTP/1.1\r\nHost: x\r\n\(Self.body)hell")
            let (text, ending) = connection.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 401 ") && text.contains("\r\nConnection: close\r\n"))
            #expect(ending == .closed)
        }
    }

    @Test("a body that came with its head is read over, and the next request is answered")
    func readOver() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send(
                """
                POST / HTTP/1.1\r\nHost: x\r\n\(Self.body)GET /\
                POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n\
                POST /take HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(Self.body)hello
                """)
            let statuses = connection.readToEnd().text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
            #expect(statuses == ["401", "401", "200"])
        }
    }

    @Test(
        "a body over the route's limit is refused, by its length or as soon as it passes it, and none is asked for",
        arguments: [
            "Content-Length: 6\r\n\r\n",
            "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n6\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n",
        ])
    func tooLarge(rest: String) throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("POST /take HTTP/1.1\r\nHost: x\r\n\(rest)")
            let (text, _) = connection.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 413 ") && text.hasSuffix("BODY_TOO_LARGE"))
        }
    }

    @Test("no body is asked for that will not be taken")
    func noContinue() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\(Self.body)")
            #expect(connection.readToEnd().text.hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test("half a body is told so, to a peer that has finished sending")
    func incomplete() throws {
        try serving { port in
            let connection = try #require(RawConnection(port: port))
            connection.send("POST /take HTTP/1.1\r\nHost: x\r\n\(Self.body)hell")
            connection.finishSending()
            let (text, _) = connection.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 400 ") && text.hasSuffix("BODY_INCOMPLETE"))
        }
    }

    @Test("bodies in flight share a budget; beyond it is 503, and what they held is given back")
    func budget() throws {
        var limits = HTTPServer.Limits()
        limits.bodyBudget = 6
        try serving(limits: limits) { port in
            let first = try #require(RawConnection(port: port))
            first.send("POST /take HTTP/1.1\r\nHost: x\r\n\(Self.body)hell")
            // The first body has been counted once the second is too much.
            var text = ""
            repeat {
                let second = try #require(RawConnection(port: port))
                second.send("POST /take HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(Self.body)hello")
                text = second.readToEnd().text
            } while text.hasPrefix("HTTP/1.1 200 ")
            #expect(text.hasPrefix("HTTP/1.1 503 ") && text.hasSuffix("TOO_MANY_BODIES"))
            first.send("oPOST /take HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(Self.body)again")
            let statuses = first.readToEnd().text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
            #expect(statuses == ["200", "200"])
        }
    }

    @Test("with the budget gone no body is asked for, and requests without one are answered")
    func budgetGone() throws {
        var limits = HTTPServer.Limits()
        limits.bodyBudget = 0
        try serving(limits: limits) { port in
            let waiting = try #require(RawConnection(port: port))
            waiting.send("POST /take HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\(Self.body)")
            #expect(waiting.readToEnd().text.hasPrefix("HTTP/1.1 503 "))
            let other = try #require(RawConnection(port: port))
            other.send("GET /take HTTP/1.0\r\n\r\n")
            #expect(other.readToEnd().text.hasPrefix("HTTP/1.1 200 "))
        }
    }

    private func serving(
        limits: HTTPServer.Limits = HTTPServer.Limits(), _ body: (_ port: Int) throws -> Void
    ) throws {
        let server = try HTTPServer(port: 0, limits: limits, intake: Self.intake)
        guard let run = Thread({ server.run() }) else { throw SystemError(code: 11) }
        let result = Result { try body(server.port) }
        server.stop()
        run.join()
        try result.get()
    }
}
