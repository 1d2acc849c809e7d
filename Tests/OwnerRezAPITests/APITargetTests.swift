import Testing

@testable import OwnerRezAPI
@testable import PartnerCore

@Suite("What is asked of OwnerRez")
struct APITargetTests {
    @Test(
        "is a path below /v2/, percent-encoded as it came",
        arguments: [
            ("bookings", "/v2/bookings"), ("bookings/7", "/v2/bookings/7"), ("guests/7/notes", "/v2/guests/7/notes"),
            ("a%20b/%C3%A9", "/v2/a%20b/%C3%A9"), ("a.b/..c/c../...", "/v2/a.b/..c/c../..."),
            ("fields:x;y=1,2", "/v2/fields:x;y=1,2"), ("v2/x", "/v2/v2/x"),
        ])
    func paths(below: String, path: String) throws {
        #expect(try APITarget(below: below, query: "").path == path)
    }

    static let elsewhere = [
        "", "/", "//example.com", "bookings/", "bookings//7", ".", "..", "bookings/..", "../oauth/access_token",
        "bookings/../../oauth/access_token", "%2e%2e/oauth", "%2E%2E/oauth", ".%2e/oauth", "%2e", "a%2fb", "a%2Fb",
        "a\\b", "a%5cb", "a%5Cb", "@example.com", "a@b", "a%40b", "a?b", "a%3Fb", "a#b", "a%23b", "a\r\nHost: b",
        "a%0d%0aHost:%20b", "a%00", "a\u{0}", "a b", "a\tb", "é", "a%", "a%2", "a%zz", "a%+1", "%252e%252e/oauth",
        "a%7f", "..;/oauth", ".;", "..;x=1/oauth", ";/oauth", "a;b/..;", "..%3b/oauth", "a%3Bb", "%c0%ae%c0%ae/oauth",
        "a%c0%afb", "%e0%80%ae", "a%ff", "%u002e%u002e/oauth", "a\"b", "a<b>", "a|b", "a^b", "a`b", "a{b}", "a[b]",
        String(repeating: "a", count: 4097),
    ]

    @Test("and nothing that could lead anywhere else", arguments: elsewhere)
    func hostile(path: String) {
        #expect { try APITarget(below: path, query: "") } throws: { ($0 as? FunctionError)?.status == 400 }
        #expect(APITarget(nextPage: "https://api.ownerrez.com/v2/\(path)#", of: api) == nil)
    }

    @Test("a query goes as it came, where it is one")
    func queries() throws {
        for query in ["", "a=1&b=%23%0d%0A%00", "since_utc=2026-11-26T10:00:00Z", "q=a+b/c?d@e", "&&=="] {
            #expect(try APITarget(below: "bookings", query: query).query == query)
        }
        for query in ["a b", "a#b", "a\r\nb", "a\u{0}", "é", "a%", "a%2", "a%zz", "a\\b", "a\"b", "a<b"] {
            #expect { try APITarget(below: "bookings", query: query) } throws: { ($0 as? FunctionError)?.status == 400 }
        }
    }

    @Test("a direct invocation may leave /v2/ out, and go on with what the last answer gave as next")
    func direct() throws {
        let whole = try APITarget(below: "bookings", query: "limit=1")
        #expect(try APITarget(path: "/v2/bookings", query: "limit=1") == whole)
        #expect(try APITarget(path: "bookings", query: "limit=1") == whole)
        #expect(try APITarget(path: whole.text, query: nil) == whole)
        for path in ["/v1/bookings", "/bookings", "/v2/", "https://example.com/v2/x", "/v2/../oauth/x"] {
            #expect { try APITarget(path: path, query: nil) } throws: { ($0 as? FunctionError)?.status == 400 }
        }
        #expect(throws: FunctionError.self) { try APITarget(path: "bookings?a=1", query: "") }
    }

    private let api = BaseURL("https://api.ownerrez.com")!

    @Test("the next page of a list is on the API's own host")
    func nextPage() {
        for link in ["https://api.ownerrez.com/v2/bookings?limit=1&offset=1", "/v2/bookings?limit=1&offset=1"] {
            #expect(APITarget(nextPage: link, of: api)?.text == "/v2/bookings?limit=1&offset=1")
        }
        for link in [
            "https://api.ownerrez.com.example.com/v2/bookings", "https://example.com/v2/bookings",
            "http://api.ownerrez.com/v2/bookings", "https://api.ownerrez.com@example.com/v2/bookings",
            "https://api.ownerrez.com:8443/v2/bookings", "//example.com/v2/bookings", "/v1/bookings",
            "https://api.ownerrez.com/oauth/access_token", "https://api.ownerrez.com/v2/../oauth", "bookings", "",
            "https://api.ownerrez.com/v2/bookings?a=1#b", "https://api.ownerrez.com/v2/bookings?a\r\n",
        ] {
            #expect(APITarget(nextPage: link, of: api) == nil, "\(link)")
        }
    }
}
