import Testing

@testable import PartnerCore

// To Swift's strings each of these is the same as the other.
private let kelvin = "\u{212A}"
private let composed = "\u{e9}"
private let decomposed = "e\u{301}"

@Suite("Texts are the same by their bytes")
struct TextByBytesTests {
    private enum Letter: String, CaseIterable {
        case kelvin = "K"
        case other
    }

    private struct Pair: Equatable {
        let one: String
        let other: String?
    }

    @Test("with == and !=, whatever is on the sides", arguments: [(kelvin, "K"), (decomposed, composed)])
    func operators(text: String, lookalike: String) {
        let optional: String? = text
        let alike: String? = lookalike
        let results = [
            text == lookalike, !(text != lookalike), optional == alike, !(optional != alike), optional == lookalike,
            !(optional != lookalike), text == alike, !(text != alike), text[...] == lookalike[...],
            !(text[...] != lookalike[...]), text[...] == lookalike, !(text[...] != lookalike), [text] == [lookalike],
            !([text] != [lookalike]), Pair(one: text, other: nil) == Pair(one: lookalike, other: nil),
            Pair(one: "", other: text) == Pair(one: "", other: lookalike),
        ]
        #expect(!results.contains(true))
    }

    @Test("with a literal on one side")
    func literals() {
        let text = kelvin
        let optional: String? = kelvin
        let results = [
            text == "K", "K" == text, !(text != "K"), optional == "K", "K" == optional, !(optional != "K"),
            !("K" != optional), text[...] == "K", !(text[...] != "K"),
        ]
        #expect(!results.contains(true))
        let same: String? = "K"
        #expect(
            [same == "K", "K" == same, same != nil, "K"[...] == "K", ["K"] == ["K"]] == [true, true, true, true, true])
    }

    @Test("in a switch, of an optional and of several too")
    func patterns() {
        func isK(_ text: String) -> Bool {
            switch text {
            case "J", "K": true
            default: false
            }
        }
        func isK(optional: String?) -> Bool {
            switch optional {
            case "K": true
            default: false
            }
        }
        func isK(_ text: String, _ optional: String?) -> Bool {
            switch (text, optional) {
            case ("K", nil), (_, "K"): true
            default: false
            }
        }
        #expect(isK("K") && isK(optional: "K") && isK("K", nil) && isK("", "K"))
        #expect(!isK(kelvin) && !isK(optional: kelvin) && !isK(kelvin, nil) && !isK("", kelvin))
    }

    @Test("in a list, at the beginning, at the end")
    func parts() {
        let text = kelvin
        #expect(
            [["K"].contains(text), ["K"[...]].contains(text[...]), ["K"].firstIndex(of: text) != nil].contains(true)
                == false)
        #expect(["J", "K"].contains("K") && ["J", "K"].firstIndex(of: "K") == 1)
        #expect("\(decomposed)/x".hasPrefix("e") && "x,\u{301}"[...].hasPrefix("x,"))
        #expect(!"\(kelvin)ey".hasPrefix("K") && !"\(kelvin)ey"[...].hasPrefix("K"))
        #expect(!"a.\(kelvin)".hasSuffix(".K") && !"a.\(kelvin)"[...].hasSuffix(".K") && "a.K".hasSuffix(".K"))
    }

    @Test("in an enumeration and a dictionary")
    func keys() {
        #expect(Letter(exactly: "K") == .kelvin)
        #expect(Letter(exactly: kelvin) == nil)
        let both: [ExactText: Int] = ["K": 1, ExactText(kelvin): 2]
        #expect(both["K"] == 1 && both[ExactText(kelvin)] == 2)
    }

    @Test("a separator is one whatever follows it, and what looks like it is none")
    func separators() {
        #expect("a,\u{301}b".split(separator: ",") == ["a", "\u{301}b"])
        #expect("a\u{37e}b;c".split(separator: ";") == ["a\u{37e}b", "c"])
        #expect("a=b=c".split(separator: "=", maxSplits: 1) == ["a", "b=c"])
        #expect(",a,".split(separator: ",", omittingEmptySubsequences: false) == ["", "a", ""])
        #expect("a ,\t\u{301}b, ".commaSeparated == ["a", "\u{301}b", ""])
    }
}

@Suite("Rooms that decide take no lookalike")
struct LookalikeTests {
    @Test("for a path or a method", arguments: ["/api/Kit", "/api/Kit/{id}", "/api/caf\(composed)"])
    func routes(path: String) {
        let route = Route("LINK", path) { _, _ throws(FunctionError) in Response(status: 200) }
        for lookalike in ["/api/\(kelvin)it", "/api/\(kelvin)it/7", "/api/caf\(decomposed)"] {
            #expect(!route.path.matches(lookalike))
        }
    }

    @Test("for the stage of an API")
    func stage() throws {
        let event = #"{"requestContext":{"http":{"method":"GET"},"stage":"K"},"rawPath":"/\#(kelvin)/a"}"#
        #expect(try request(event).path == "/\(kelvin)/a")
        let route =
            #"{"requestContext":{"http":{"method":"GET"},"stage":"a"},"routeKey":"GET /a/\#(kelvin)","rawPath":"/a/K"}"#
        #expect(try request(route).path == "/K")
    }

    @Test("for the name of a header")
    func headers() throws {
        let event = #"{"httpMethod":"GET","path":"/","headers":{"X-To\#(kelvin)en":"t","Coo\#(kelvin)ie":"c"}}"#
        let headers = try request(event).headers
        #expect(headers["X-ToKen"] == nil)
        #expect(headers["Cookie"] == nil)
    }

    @Test("for a separator in a query, so that a parameter given twice is seen")
    func query() throws {
        let request = Request(method: "GET", path: "/", query: "state=a&\u{301}=x&state=b")
        #expect(throws: FunctionError.self) { try request.queryItems().single("state") }
        let joined = Request(method: "GET", path: "/", query: "a=1&\u{301}b=2&c=\u{338}3")
        #expect(try joined.queryItems().single("a") == "1")
        #expect(try joined.queryItems().single("c") == "\u{338}3")
    }

    @Test("for a setting's word")
    func choice() {
        var settings = SettingsReader(Environment(["MODE": kelvin]))
        #expect(settings.choice("MODE", default: "off", [("off", false), ("K", true)], "a test") == false)
        #expect(settings.problems.map { $0.name } == ["MODE"])
    }

    @Test("for a semicolon in a media type")
    func mediaTypes() {
        let request = Request(
            method: "POST", path: "/", headers: ["Content-Type": "application/json\u{37e}x"], body: Array("{}".utf8))
        #expect(throws: FunctionError.self) { try request.jsonObject(as: .json) }
        #expect(isJSONMediaType("application/json ;\u{301}charset=utf-8"))
    }
}
