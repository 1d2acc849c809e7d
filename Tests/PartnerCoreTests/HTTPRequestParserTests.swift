import Testing

@testable import PartnerCore

@Suite("The parser of HTTP requests")
struct HTTPRequestParserTests {
    @Test("a request is read the same however its bytes are cut", arguments: 1...40)
    func cuts(size: Int) throws {
        let bytes = Array(
            """
            POST /a/b?c=%20 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\nX-A:\t v w \r\n\r\n\
            3;ext="1"\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nGET / HTTP/1.0\r\n\r\n
            """.utf8)
        var parser = HTTPRequestParser(headerBytes: 1000, bodyBytes: 1000)
        var messages: [HTTPRequestParser.Message] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            parser.append(bytes[start..<min(start + size, bytes.count)])
            while let message = try parser.next() { messages.append(message) }
        }
        #expect(messages.count == 2)
        let first = try #require(messages.first)
        #expect(first.request.method == "POST")
        #expect(first.request.path == "/a/b")
        #expect(first.request.query == "c=%20")
        #expect(first.request.headers["x-a"] == "v w")
        #expect(first.request.headers["Trailer"] == nil)
        #expect(String(decoding: first.request.body, as: UTF8.self) == "abc0123456789")
        #expect(first.keepsAlive)
        #expect(messages.last?.request.path == "/")
        #expect(messages.last?.keepsAlive == false)
        #expect(parser.phase == .idle)
    }

    @Test(
        "what is ambiguous is refused",
        arguments: [
            ("GET / HTTP/1.1\nHost: x\r\n\r\n", .lineBreakMalformed),
            ("GET / HTTP/1.1\r\nHost: x\n\r\n", .lineBreakMalformed),
            ("GET / HTTP/1.1\r\nHost: x\r\n\n", .lineBreakMalformed),
            ("GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", .lineBreakMalformed),
            ("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", .requestLineMalformed),
            ("GET /\r\n", .requestLineMalformed),
            ("GET  / HTTP/1.1\r\n", .requestLineMalformed),
            ("GET / HTTP/1.1 \r\n", .requestLineMalformed),
            (" GET / HTTP/1.1\r\n", .requestLineMalformed),
            ("G(T / HTTP/1.1\r\n", .requestLineMalformed),
            ("GET\t/ HTTP/1.1\r\n", .requestLineMalformed),
            ("GET /a#b HTTP/1.1\r\n", .requestLineMalformed),
            ("GET /\u{0} HTTP/1.1\r\n", .requestLineMalformed),
            ("GET /\u{e9} HTTP/1.1\r\n", .requestLineMalformed),
            ("GET / http/1.1\r\n", .requestLineMalformed),
            ("GET / HTTP/1.10\r\n", .requestLineMalformed),
            ("GET http://x/ HTTP/1.1\r\n", .targetIsNoPath),
            ("OPTIONS * HTTP/1.1\r\n", .targetIsNoPath),
            ("CONNECT x:80 HTTP/1.1\r\n", .targetIsNoPath),
            ("GET / HTTP/1.2\r\n", .versionUnsupported),
            ("GET / HTTP/2.0\r\n", .versionUnsupported),
            ("GET / HTTP/0.9\r\n", .versionUnsupported),
            ("GET / HTTP/1.1\r\n\r\n", .hostMissingOrRepeated),
            ("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .hostMissingOrRepeated),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .hostMissingOrRepeated),
            ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", .hostMissingOrRepeated),
            ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .hostMissingOrRepeated),
            ("GET / HTTP/1.1\r\nHost : x\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\nHost\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\n: x\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\nHost: x\r\n y\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\n Host: x\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\nHost: x\r\n\tX: y\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\nX: a\u{0}b\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\nX: a\u{1}b\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\nX: a\u{7f}b\r\n", .headerFieldMalformed),
            ("GET / HTTP/1.1\r\nX\u{e9}: a\r\n", .headerFieldMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .lengthAmbiguous),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .lengthAmbiguous),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                .lengthAmbiguous
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                .lengthAmbiguous
            ),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthAmbiguous),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", .lengthMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", .lengthMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", .lengthMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n", .lengthMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1 1\r\n\r\n", .lengthMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", .lengthMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\n", .lengthMalformed),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65\r\n\r\n", .bodyTooLarge),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .transferEncodingUnknown),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", .transferEncodingUnknown),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n", .transferEncodingUnknown),
            ("POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n", .expectationUnknown),
        ] as [(String, HTTPRefusal)])
    func refusals(text: String, refusal: HTTPRefusal) {
        #expect(throws: refusal) { try Self.parse(text) }
    }

    @Test(
        "a malformed chunk is refused",
        arguments: [
            ("\r\n", .chunkMalformed),
            ("g\r\n", .chunkMalformed),
            ("-1\r\n", .chunkMalformed),
            ("0x1\r\n", .chunkMalformed),
            ("1 \r\na\r\n", .chunkMalformed),
            (" 1\r\na\r\n", .chunkMalformed),
            ("000000001\r\na\r\n", .chunkMalformed),
            ("ffffffffffffffff1\r\n", .chunkMalformed),
            ("1;a\u{0}\r\n", .chunkMalformed),
            ("1\r\nab\r\n", .chunkMalformed),
            ("1\r\na\n\n0\r\n\r\n", .chunkMalformed),
            ("1\na\r\n", .lineBreakMalformed),
            ("1;\ra\r\na\r\n", .lineBreakMalformed),
            ("0\r\nX : y\r\n\r\n", .headerFieldMalformed),
            ("0\r\nX: y\n\r\n", .lineBreakMalformed),
            ("41\r\n", .bodyTooLarge),
            ("40\r\n" + String(repeating: "a", count: 64) + "\r\n1\r\n", .bodyTooLarge),
            ("1;" + String(repeating: "e", count: 300), .chunkMalformed),
            (String(repeating: "1;\(String(repeating: "e", count: 200))\r\na\r\n", count: 2), .headerTooLarge),
            ("0\r\nX: " + String(repeating: "y", count: 300), .headerTooLarge),
        ] as [(String, HTTPRefusal)])
    func chunks(text: String, refusal: HTTPRefusal) {
        #expect(throws: refusal) {
            try Self.parse("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + text)
        }
    }

    @Test("a header may fill its limit and not pass it, whether or not its end has come")
    func headerLimit() throws {
        let start = "GET / HTTP/1.1\r\nHost: x\r\nX: "
        let room = 256 - start.utf8.count - 4
        #expect(try Self.parse(start + String(repeating: "y", count: room) + "\r\n\r\n") != nil)
        for end in ["", "\r\n\r\n"] {
            #expect(throws: HTTPRefusal.headerTooLarge) {
                try Self.parse(start + String(repeating: "y", count: room + 4) + end)
            }
        }
        #expect(throws: HTTPRefusal.headerTooLarge) { try Self.parse(String(repeating: "G", count: 256)) }
    }

    @Test("one empty line may stand before a request")
    func emptyLine() throws {
        #expect(try Self.parse("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")?.path == "/")
    }

    @Test("the connection's end is read from the version and the Connection field")
    func keepAlive() throws {
        for (version, field, expected) in [
            ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: a, CLOSE\r\n", false),
            ("1.1", "Connection: a\r\nConnection: close\r\n", false), ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true), ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            var parser = HTTPRequestParser(headerBytes: 256, bodyBytes: 64)
            parser.append(Array("GET / HTTP/\(version)\r\nHost: x\r\n\(field)\r\n".utf8))
            #expect(try parser.next()?.keepsAlive == expected, "\(version) \(field)")
        }
    }

    @Test("100 Continue is owed once, to 1.1 only, and not when the body is there already")
    func continues() throws {
        func owed(_ text: String) throws -> [Bool] {
            var parser = HTTPRequestParser(headerBytes: 256, bodyBytes: 64)
            parser.append(Array(text.utf8))
            _ = try parser.next()
            return [parser.takeContinue(), parser.takeContinue()]
        }
        let fields = "Host: x\r\nExpect: 100-Continue\r\n"
        #expect(try owed("POST / HTTP/1.1\r\n\(fields)Content-Length: 2\r\n\r\n") == [true, false])
        #expect(try owed("POST / HTTP/1.1\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n") == [true, false])
        #expect(try owed("POST / HTTP/1.1\r\n\(fields)Content-Length: 2\r\n\r\na") == [false, false])
        #expect(try owed("POST / HTTP/1.1\r\n\(fields)Content-Length: 0\r\n\r\n") == [false, false])
        #expect(try owed("POST / HTTP/1.0\r\n\(fields)Content-Length: 2\r\n\r\n") == [false, false])
    }

    private static func parse(_ text: String) throws -> Request? {
        var parser = HTTPRequestParser(headerBytes: 256, bodyBytes: 64)
        parser.append(Array(text.utf8))
        return try parser.next()?.request
    }
}
