import Testing

@testable import PartnerCore

@Suite("Answers of the Runtime API, byte by byte")
struct HTTPResponseParserTests {
    private static let limit = 100

    private func parse(_ text: String, pieces: Int = .max) throws -> HTTPResponseParser.Message? {
        var parser = HTTPResponseParser(bodyBytes: Self.limit)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            parser.append(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
            if let message = try parser.next() {
                // What follows an answer is looked at no more.
                return message
            }
        }
        return parser.end()
    }

    private static let whole: [(text: String, status: Int, body: String, keepsAlive: Bool)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true),
        ("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, "", true),
        ("HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n", 202, "", true),
        ("HTTP/1.1 202 \r\ncontent-length:0\r\n\r\n", 202, "", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 304, "", true),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 202 A\r\ncontent-length: 1\r\n\r\nx",
            202, "x", true
        ),
        ("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\nx", 200, "x", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, "x", true),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "until the end", false),
        ("HTTP/1.1 200 OK\r\n\r\n", 200, "", false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
            200, "abc0123456789", true
        ),
        ("HTTP/1.1 200 OK\r\nTRANSFER-ENCODING:chunked\r\n\r\n0\r\n\r\n", 200, "", true),
        ("HTTP/1.1 500 Internal Server Error\r\nX:\r\nY: \t z \t\r\nContent-Length: 1\r\n\r\n\0", 500, "\0", true),
    ]

    @Test("an answer is the same however it is cut", arguments: whole.indices)
    func cut(index: Int) throws {
        let (text, status, body, keepsAlive) = Self.whole[index]
        for pieces in 1...text.utf8.count {
            let answer = try #require(try parse(text, pieces: pieces))
            #expect(answer.status == status && String(decoding: answer.body, as: UTF8.self) == body)
            #expect(answer.keepsAlive == keepsAlive, "in pieces of \(pieces)")
        }
    }

    @Test("an answer that ends early is none", arguments: whole.indices)
    func cutOff(index: Int) throws {
        let text = Self.whole[index].text
        // Without a length the end is wherever the connection ends.
        guard !text.hasPrefix("HTTP/1.1 200 OK\r\n\r\n") else { return }
        for count in 0..<text.utf8.count {
            #expect(try parse(String(decoding: text.utf8.prefix(count), as: UTF8.self)) == nil, "\(count) bytes")
        }
    }

    @Test("header names have no case, values no spaces around them, and the first of a name counts")
    func fields() throws {
        let answer = try parse(
            "HTTP/1.1 200 OK\r\nlambda-RUNTIME-x:  a b\t\r\nLambda-Runtime-X: c\r\ncontent-length: 0\r\n\r\n")
        #expect(answer?.headers["Lambda-Runtime-X"] == "a b")
    }

    @Test("bytes after the answer end the connection")
    func more() throws {
        let answer = try parse("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n")
        #expect(answer?.status == 202 && answer?.keepsAlive == false)
    }

    @Test(
        "what is ambiguous or no HTTP is refused",
        arguments: [
            "\r\n", "\n", "hello\r\n", "HTTP/2 200 OK\r\n", "HTTP/1.2 200 OK\r\n", "HTTP/1.1 20 OK\r\n",
            "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 OK\r\n", "HTTP/1.1  200 OK\r\n", "http/1.1 200 OK\r\n",
            "HTTP/1.1 +20 OK\r\n", "HTTP/1.1 200 OK\n", "HTTP/1.1 200 O\rK\r\n", "HTTP/1.1 200 O\0K\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1\r\n",
        ]
            + [
                "Name : x", ": x", "Name", "Name: a\0b", "N@me: x", " folded", "Content-Length: -1",
                "Content-Length: +1",
                "Content-Length: 0x1", "Content-Length: 1, 1", "Content-Length:",
                "Content-Length: 9999999999999999999999",
                "Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            ].map { "HTTP/1.1 200 OK\r\n\($0)\r\n\r\nx" }
            + ["x", "-1", "", ";", "1 ", "123456789", "1\r\nab", "1\r\na\n", "0\r\nNo field\r\n", "1;\u{1}\r\n"]
            .map { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\($0)\r\n" }
            + ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
    func malformed(text: String) {
        for pieces in [1, .max] {
            #expect(throws: LambdaAPIError.answerMalformed) { try parse(text, pieces: pieces) }
        }
    }

    @Test("a body over the limit is refused, in each of its forms, and so is a header without end")
    func tooLarge() {
        let body = String(repeating: "x", count: Self.limit + 1)
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n\(body)",
            "HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n\(body)\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n\(body)",
            "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: HTTPResponseParser.headerBytes))",
            String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 4000),
        ] {
            #expect(throws: LambdaAPIError.answerTooLarge) { try parse(text) }
            #expect(throws: LambdaAPIError.answerTooLarge) { try parse(text, pieces: 1000) }
        }
    }
}
