import PartnerCore
import Testing

@testable import PartnerAdmin

@Suite("A file of links")
struct LinkFileTests {
    /// `2 user-42=XT_1`, or a number and what is wrong with that line.
    private func lines(_ text: String) throws(AdminError) -> [String] {
        var file = LinkFile(LineReader(text: text))
        var lines: [String] = []
        while let line = try file.next() {
            switch line.content {
            case .success(let link): lines.append("\(line.number) \(link.subject)=\(link.ownliUserID)")
            case .failure(let error): lines.append("\(line.number) \(error.rawValue)")
            }
        }
        return lines
    }

    @Test("is CSV, whatever ends its lines, with a byte order mark or without")
    func csv() throws {
        #expect(try lines("internalId,ownliUserId\r\na,1\r\nb,2\r\n") == ["2 a=1", "3 b=2"])
        #expect(try lines("\u{FEFF}internalId,ownliUserId\n\na,1\n  \nb,2") == ["3 a=1", "5 b=2"])
    }

    @Test("has its columns in any order, and others beside them")
    func columns() throws {
        #expect(try lines("name,ownliUserId,internalId\nAda,1,a\n") == ["2 a=1"])
    }

    @Test("has fields in quotes, with commas and quotes in them")
    func quotes() throws {
        #expect(try lines("\"internalId\",ownliUserId\n\"a,\"\"b\"\"\",1\n\"c\",\"2\"\n") == ["2 a,\"b\"=1", "3 c=2"])
    }

    @Test("is JSON line by line")
    func json() throws {
        #expect(
            try lines(
                "{\"internalId\":\"a\",\"ownliUserId\":\"1\",\"x\":[]}\n\n{\"ownliUserId\":\"2\",\"internalId\":\"b\"}")
                == ["1 a=1", "3 b=2"])
    }

    @Test(
        "tells of what is wrong by line, and goes on",
        arguments: [
            ("\"a,1", LinkFile.LineError.badQuotes), ("\"a\"b,1", .badQuotes), ("a\"b,1", .badQuotes),
            ("a", .otherFields), ("a,1,2", .otherFields), (",1", .badSubject), ("a,", .badOwnliUserID),
            (" a,1", .badSubject), ("a ,1", .badSubject), ("a, 1", .badOwnliUserID), ("a\tb,1", .badSubject),
            ("a,1\u{85}", .badOwnliUserID), (String(repeating: "a", count: 257) + ",1", .badSubject),
        ])
    func wrongLines(_ line: String, _ error: LinkFile.LineError) throws {
        #expect(
            try lines("internalId,ownliUserId\n\(line)\nb,2\n") == ["2 \(error.rawValue)", "3 b=2"])
    }

    @Test(
        "of JSON takes no line that is anything else",
        arguments: [
            "{", "[]", "a,1", "{\"internalId\":7,\"ownliUserId\":\"1\"}", "{\"internalId\":\"a\"}",
            "{\"internalId\":\"a\",\"internalId\":\"b\",\"ownliUserId\":\"1\"}",
        ])
    func wrongJSON(_ line: String) throws {
        let first = "{\"internalId\":\"a\",\"ownliUserId\":\"1\"}"
        #expect(
            try lines("\(first)\n\(line)\n\(first)\n") == [
                "1 a=1", "2 \(LinkFile.LineError.notObject.rawValue)", "3 a=1",
            ])
    }

    @Test(
        "without a header, or empty, is refused as a whole", arguments: ["", "\n\n", "a,1\n", "internalId\n", "[]\n"])
    func noHeader(_ text: String) {
        #expect(throws: AdminError.self) { try lines(text) }
    }

    @Test("that is no text is refused line by line")
    func notText() throws {
        var file = LinkFile(LineReader(bytes: Array("internalId,ownliUserId\n".utf8) + [0xff, 0x2c, 0x31, 0x0a]))
        let line = try #require(try file.next())
        #expect(throws: LinkFile.LineError.notText) { try line.content.get() }
    }
}
