import Testing

@testable import OwnerRezAPI
@testable import PartnerCore

@Suite("A direct invocation")
struct APIOrderTests {
    private func order(_ text: String, methods: String = "GET,POST") throws -> APIOrder {
        var settings = SettingsReader(Environment(["OWNERREZ_ALLOWED_METHODS": methods]))
        let methods = AllowedMethods(reading: &settings)
        return try APIOrder(JSON.parse(Array(text.utf8)), methods: methods)
    }

    @Test("names a connection by its id, or a user who has one")
    func whose() throws {
        for id in ["\"123456\"", "123456"] {
            guard case .account(123_456) = try order(#"{"connection":\#(id),"path":"bookings"}"#).whose else {
                Issue.record("\(id)")
                continue
            }
        }
        guard case .only("user-42") = try order(#"{"subject":"user-42","path":"bookings"}"#).whose else {
            Issue.record("no subject")
            return
        }
    }

    @Test("says what to call, with GET unless something else is said")
    func request() throws {
        let get = try order(#"{"connection":1,"path":"/v2/bookings","query":"a=%201","method":null,"body":null}"#)
        #expect(get.method == "GET" && get.target.text == "/v2/bookings?a=%201" && get.body == nil)
        let post = try order(#"{"connection":1,"path":"bookings","method":"POST","body":{"b":[1.50,"é"],"a":null}}"#)
        #expect(post.method == "POST" && post.body == Array(#"{"b":[1.50,"é"],"a":null}"#.utf8))
        let query = try order(#"{"connection":1,"path":"b","query":{"since_utc":"2026 +&","limit":5,"x":true}}"#)
        #expect(query.target.query == "since_utc=2026%20%2B%26&limit=5&x=true")
    }

    @Test(
        "is refused where it can be misunderstood",
        arguments: [
            "{}", #"{"path":"b"}"#, #"{"connection":1}"#, #"{"connection":1,"subject":"a","path":"b"}"#,
            #"{"connection":0,"path":"b"}"#, #"{"connection":"07","path":"b"}"#, #"{"connection":"+7","path":"b"}"#,
            #"{"connection":1.5,"path":"b"}"#, #"{"connection":true,"path":"b"}"#, #"{"subject":"","path":"b"}"#,
            #"{"subject":7,"path":"b"}"#, #"{"connection":1,"path":7}"#, #"{"connection":1,"path":"b","metod":"POST"}"#,
            #"{"connection":1,"path":"b","method":7}"#, #"{"connection":1,"path":"b","query":[1]}"#,
            #"{"connection":1,"path":"b","query":{"a":[1]}}"#, #"{"connection":1,"path":"b","query":{"a":null}}"#,
            #"{"connection":1,"path":"b","body":{}}"#, #"{"connection":1,"path":"../b"}"#,
            #"{"connection":1,"path":"b","query":"a b"}"#, #"{"connection":1,"path":"b?a=1","query":{}}"#,
            #"{"connection":99999999999999999999,"path":"b"}"#,
        ])
    func refused(input: String) {
        #expect { try order(input) } throws: { ($0 as? FunctionError)?.status == 400 }
    }

    @Test("takes the methods that are allowed, as they are written", arguments: ["DELETE", "get", "TRACE", "", "GET "])
    func methods(method: String) {
        #expect {
            try order(#"{"connection":1,"path":"b","method":"\#(method)"}"#)
        } throws: { ($0 as? FunctionError)?.code == "METHOD_NOT_ALLOWED" }
    }

    @Test(
        "the setting lists methods",
        arguments: [
            ("GET", true), ("GET, POST,PATCH,PUT,DELETE", true), ("", true), (",", false), ("get", false),
            ("GET,TRACE", false),
        ])
    func setting(text: String, isTaken: Bool) {
        var settings = SettingsReader(Environment(["OWNERREZ_ALLOWED_METHODS": text]))
        _ = AllowedMethods(reading: &settings)
        #expect(settings.problems.isEmpty == isTaken)
    }
}
