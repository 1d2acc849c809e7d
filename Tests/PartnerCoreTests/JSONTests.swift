import Testing

@testable import PartnerCore

@Suite("JSON")
struct JSONTests {
    @Test("a text comes back as it was, members in order")
    func roundTrip() throws {
        let text = #"{"b":1,"a":[true,false,null,-7,2.5,"é\"\\"],"c":{}}"#
        #expect(String(decoding: try JSON.parse(Array(text.utf8)).text, as: UTF8.self) == text)
    }

    @Test(
        "what is no JSON is refused with the reason, and without the text",
        arguments: [
            (#"{"a":1,"a":2}"#, JSONError.Reason.duplicateName),
            ("{\"a\":\"\u{0}\"}", .syntax),
            (#"{"a":"\u0000"}"#, .nulInString),
            (#""\ud800""#, .syntax),
            ("1e400", .numberOutOfRange),
            ("9223372036854775808", .numberOutOfRange),
            ("", .syntax), ("{", .syntax), ("NaN", .syntax), ("[1,]", .syntax), ("{} x", .syntax),
        ])
    func refused(text: String, reason: JSONError.Reason) {
        #expect { try JSON.parse(Array(text.utf8)) } throws: { ($0 as? JSONError)?.reason == reason }
    }

    @Test("invalid UTF-8 is refused")
    func invalidUTF8() {
        #expect { try JSON.parse([0x22, 0xff, 0x22]) } throws: { ($0 as? JSONError)?.reason == .invalidUTF8 }
    }

    @Test("nesting of 5,000 is refused, of 2,000 is not")
    func nesting() throws {
        let nested = { (depth: Int) in [UInt8](repeating: 0x5b, count: depth) + [UInt8](repeating: 0x5d, count: depth) }
        #expect { try JSON.parse(nested(5000)) } throws: { ($0 as? JSONError)?.reason == .nestedTooDeeply }
        #expect(try JSON.parse(nested(2000)).text == nested(2000))
    }

    @Test("an upstream may send a name twice: the last one counts")
    func lastWins() throws {
        #expect(try JSON.parse(Array(#"{"a":1,"a":2}"#.utf8), duplicates: .lastWins)["a"] == 2)
    }

    @Test("a member is not found by a name that only looks the same")
    func lookalikes() throws {
        let value = try json(#"{"route\u212aey":1,"routeKey":2,"e\u0301":3}"#)
        #expect(value["routeKey"] == 2)
        #expect(value["\u{e9}"] == nil)
        #expect(value["e\u{301}"] == 3)
    }

    @Test("control characters are escaped, so that a log line stays one line")
    func escapes() {
        #expect(String(decoding: JSON.string("a\nb\u{1}").text, as: UTF8.self) == #""a\nb\u0001""#)
    }
}
