import PartnerCore
import Testing

@testable import PartnerDev

@Suite("Secrets on the wire")
struct MaskTests {
    private let token = "eyJhbGciOiJub25lIn0.abcdefghijklmnop"

    @Test("what goes by a secret's name is masked, in headers, queries, forms, and JSON within JSON")
    func names() {
        let mask = Mask()
        let headers = mask.masked([
            "Authorization": "Bearer \(token)", "Cookie": "session=1234567890", "Accept": "*/*",
        ])
        #expect(headers.fields.map { $0.value } == ["Bearer eyJhbG••••••", "••••••", "*/*"])
        #expect(
            mask.masked(path: "/callback", query: "code=tc_123&state=abc&x=1")
                == "/callback?code=••••••&state=••••••&x=1")
        #expect(
            mask.masked(body: Array("grant_type=a&code=tc_1".utf8), type: "application/x-www-form-urlencoded")
                == "grant_type=a&code=••••••")
        let body = #"{"clientSecret":"sandbox-secret","body":"{\"access_token\":\"\#(token)\"}"}"#
        let shown = mask.masked(body: Array(body.utf8), type: "application/json")
        #expect(!shown.contains("sandbox-secret"))
        #expect(!shown.contains(token))
        #expect(shown.contains("eyJhbG••••••"))
        let claimed = #"{"rewardDeliveryLink":"https://rewards.example/abcdef"}"#
        #expect(!mask.masked(body: Array(claimed.utf8), type: "application/json").contains("rewards.example"))
    }

    @Test("addresses lose what their queries carry, events their cookies, and a person's state stays")
    func places() {
        let mask = Mask()
        let location = mask.masked(["Location": "http://app/callback?code=tc_1&state=0123456789"])
        #expect(location["Location"] == "http://app/callback?code=••••••&state=••••••")
        let event = #"""
            {"rawQueryString":"code=tc_1","cookies":["flow=0123456789"],"body":"{\"address\":{\"state\":\"CA\"}}"}
            """#
        #expect(
            mask.masked(body: Array(event.utf8), type: "application/json") == #"""
                {
                  "rawQueryString": "code=••••••",
                  "cookies": [
                    "••••••"
                  ],
                  "body": "{\"address\":{\"state\":\"CA\"}}"
                }
                """#)
        #expect(mask.masked(body: Array("<p>tc_1".utf8), type: "text/html; charset=utf-8") == "7 bytes")
    }

    @Test("a token that an answer brought is known by its scope, and masked wherever it turns up")
    func known() {
        var mask = Mask()
        #expect(mask.learn(["access_token": .string(token), "scope": "admin"]) == "admin")
        #expect(mask.scope(of: ["Authorization": "Bearer \(token)"]) == "admin")
        #expect(mask.scope(of: ["Authorization": "Bearer other"]) == nil)
        #expect(mask.masked(path: "/oauth/access_token/\(token)", query: "") == "/oauth/access_token/eyJhbG••••••")
        #expect(mask.masked(body: Array("it is \(token)".utf8), type: nil) == "it is eyJhbG••••••")
        #expect(mask.learn(["scope": "admin"]) == nil)
    }
}
