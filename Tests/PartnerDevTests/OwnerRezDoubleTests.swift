import Foundation
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("OwnerRez's double")
struct OwnerRezDoubleTests {
    private let redirectURI = "http://127.0.0.1:8080/oauth/ownerrez/callback"
    private let client = "Authorization: Basic \(Data("c_sandbox:s_sandbox".utf8).base64EncodedString())\r\n"
    private let agent = "User-Agent: Tests/1.0 (c_sandbox)\r\n"

    private func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private var asked: String {
        "response_type=code&client_id=c_sandbox&redirect_uri=\(encoded(redirectURI))&state=s%20%26"
    }

    private func form(
        _ sandbox: SandboxClient, _ path: String, _ body: String, headers: String = ""
    ) throws -> SandboxClient.Answer {
        try sandbox.send("POST", path, body: body, type: "application/x-www-form-urlencoded", headers: headers)
    }

    /// Where the browser is sent.
    private func decide(_ sandbox: SandboxClient, _ query: String, _ decision: String = "approve") throws -> String {
        let answer = try form(sandbox, "/oauth/authorize", "\(query)&decision=\(decision)")
        #expect(answer.status == 302)
        let line = answer.head.components(separatedBy: "\r\n").first { $0.hasPrefix("Location: ") }
        return try #require(line).replacing("Location: ", with: "")
    }

    private func code(_ sandbox: SandboxClient) throws -> String {
        let location = try decide(sandbox, asked)
        let query = try #require(FormParameters(String(location.split(separator: "?")[1])))
        return try #require(query["code"])
    }

    private func exchange(_ sandbox: SandboxClient, _ code: String) throws -> SandboxClient.Answer {
        try form(
            sandbox, "/oauth/access_token",
            "grant_type=authorization_code&code=\(code)&redirect_uri=\(encoded(redirectURI))", headers: client)
    }

    private func me(_ sandbox: SandboxClient, _ token: String) throws -> Int {
        try sandbox.send("GET", "/v2/users/me", token: token, headers: agent).status
    }

    @Test("a person is asked on a page that loads nothing and shows nothing of the request as markup")
    func page() throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.send("GET", "/oauth/authorize?\(asked)%22%3E%3Cscript%3E")
            #expect(answer.status == 200)
            #expect(answer.head.contains("Content-Security-Policy: default-src 'none'; style-src 'sha256-"))
            #expect(answer.text.contains(#"value="s &amp;&quot;>&lt;script>""#))
            #expect(answer.text.contains("Sunny Stays LLC") && answer.text.contains(#"value="deny""#))
        }
    }

    @Test("an approval brings a code, a refusal access_denied, each with the state")
    func decisions() throws {
        try SandboxClient.with { sandbox in
            #expect(try decide(sandbox, asked).hasPrefix("\(redirectURI)?code=tc_"))
            #expect(try decide(sandbox, asked).hasSuffix("&state=s%20%26"))
            let denied = try decide(sandbox, asked, "deny")
            let query = "error=access_denied&error_description=The%20user%20denied%20the%20request.&state=s%20%26"
            #expect(denied == "\(redirectURI)?\(query)")
        }
    }

    @Test(
        "what is wrong with an authorization request is said on a page, and never by a redirect",
        arguments: [
            ("response_type=code", "unauthorized_client"), ("client_id=c_other", "unauthorized_client"),
            ("client_id=c_sandbox", "unsupported_response_type"),
            ("client_id=c_sandbox&response_type=token", "unsupported_response_type"),
            ("client_id=c_sandbox&response_type=code&redirect_uri=https%3A%2F%2Fevil.example", "redirect_uri_mismatch"),
            ("client_id=c_sandbox&client_id=c_sandbox&response_type=code", "invalid_request"),
        ])
    func badRequest(query: String, code: String) throws {
        try SandboxClient.with { sandbox in
            for answer in [
                try sandbox.send("GET", "/oauth/authorize?\(query)"),
                try form(sandbox, "/oauth/authorize", "\(query)&decision=approve"),
            ] {
                #expect(answer.status == 400)
                #expect(answer.text.contains(code))
                #expect(!answer.head.contains("Location"))
            }
        }
    }

    @Test("a code works once, for our client, with the redirect URI that it was asked with")
    func exchangeRules() throws {
        try SandboxClient.with { sandbox in
            let good = try exchange(sandbox, code(sandbox))
            #expect(good.status == 200)
            #expect(good.json.members?.map { $0.name } == ["access_token", "token_type", "scope", "user_id"])
            #expect(good.json["access_token"]?.string?.hasPrefix("at_") == true)
            #expect(good.json["user_id"] == 347_482_730)

            let used = try code(sandbox)
            _ = try exchange(sandbox, used)
            #expect(try exchange(sandbox, used).json["error"] == "invalid_grant")

            let other = try code(sandbox)
            let without = try form(
                sandbox, "/oauth/access_token", "grant_type=authorization_code&code=\(other)", headers: client)
            #expect(without.status == 400 && without.json["error"] == "invalid_grant")
            #expect(try exchange(sandbox, other).status == 400, "and it is used up by that")

            let unknown = try form(
                sandbox, "/oauth/access_token", "grant_type=authorization_code&code=\(try code(sandbox))")
            #expect(unknown.status == 401 && unknown.json["error"] == "invalid_client")
            let json = try sandbox.send("POST", "/oauth/access_token", body: "{}", headers: client)
            #expect(json.status == 400 && json.json["error"] == "invalid_request")
            let refresh = try form(
                sandbox, "/oauth/access_token", "grant_type=refresh_token&refresh_token=rt_", headers: client)
            #expect(refresh.json["error"] == "unsupported_grant_type", "the policy has none")
        }
    }

    @Test("under the policy Standard the pair rotates")
    func standardPolicy() throws {
        try SandboxClient.with { sandbox in
            let set = try sandbox.send("PUT", "/_sandbox/ownerrez/app", body: #"{"policy":"standard"}"#)
            #expect(set.status == 204)
            let first = try exchange(sandbox, code(sandbox)).json
            #expect(first["expires_in"] == 2_592_000)
            #expect(first["user_display_name"] == "Sunny Stays LLC")
            let expires = try #require(first["expires_at"]?.string)
            #expect(expires.hasSuffix(".0000000Z") && expires.utf8.count == 28)
            let old = try #require(first["refresh_token"]?.string)
            func refresh(_ token: String) throws -> SandboxClient.Answer {
                try form(
                    sandbox, "/oauth/access_token", "grant_type=refresh_token&refresh_token=\(token)", headers: client)
            }
            let second = try refresh(old)
            #expect(second.status == 200)
            #expect(try refresh(old).json["error"] == "invalid_grant")
            #expect(try me(sandbox, first["access_token"]?.string ?? "") == 401)
            #expect(try me(sandbox, second.json["access_token"]?.string ?? "") == 200)
        }
    }

    @Test("the API wants a User-Agent and a living token; a revoked one is dead, and unknown to a second revocation")
    func api() throws {
        try SandboxClient.with { sandbox in
            let token = try #require(try exchange(sandbox, code(sandbox)).json["access_token"]?.string)
            #expect(try me(sandbox, token) == 200)
            let without = try sandbox.send("GET", "/v2/users/me", token: token)
            #expect(without.status == 403 && without.json["code"] == "forbidden")
            #expect(try me(sandbox, "at_other") == 401)
            func revoke(_ headers: String) throws -> Int {
                try sandbox.send("DELETE", "/oauth/access_token/\(token)", headers: headers).status
            }
            #expect(try revoke("") == 401)
            #expect(try revoke(client) == 204)
            #expect(try revoke(client) == 404)
            #expect(try me(sandbox, token) == 401)
        }
    }

    @Test("webhooks are sent with Basic, again when they are refused, and a redirect is a refusal")
    func webhooks() throws {
        let received = Lock<[Request]>([])
        let answers = Lock([500, 302, 200])
        let receiver = try HTTPServer(port: 0) { request in
            received.withLock { $0.append(request) }
            let status = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            return .response(Response(status: status, headers: ["Location": "/elsewhere"]))
        }
        guard let running = Thread({ receiver.run() }) else { fatalError("no thread") }
        try SandboxClient.with { sandbox in
            let target = #"{"url":"http://127.0.0.1:\#(receiver.port)/hook","user":"u","password":"p:q"}"#
            #expect(try sandbox.send("PUT", "/_sandbox/ownerrez/webhook", body: target).status == 204)
            let token = try #require(try exchange(sandbox, code(sandbox)).json["access_token"]?.string)
            let revoked = try sandbox.send(
                "POST", "/_sandbox/ownerrez/revocations", body: #"{"user_id":347482730}"#)
            #expect(revoked.status == 204)
            #expect(try me(sandbox, token) == 401)
            while try sandbox.send("GET", "/_sandbox/ownerrez").json["waiting"] != 0 { sleep(milliseconds: 20) }
            let requests = received.withLock { $0 }
            #expect(requests.count == 3)
            #expect(Set(requests.map { $0.path }) == ["/hook"])
            #expect(requests[0].headers["Authorization"] == "Basic dTpwOnE=")
            #expect(
                String(decoding: requests[0].body, as: UTF8.self)
                    == #"{"action":"application_authorization_revoked","user_id":347482730}"#)
            let deliveries = try sandbox.send("GET", "/_sandbox/ownerrez").json["deliveries"]?.array ?? []
            #expect(deliveries.map { $0["outcome"] } == ["500", "302", "200"])

            let events = #"{"events":[{"id":1},{"id":2}],"copies":2,"reversed":true}"#
            #expect(try sandbox.send("POST", "/_sandbox/ownerrez/events", body: events).status == 204)
            while try sandbox.send("GET", "/_sandbox/ownerrez").json["waiting"] != 0 { sleep(milliseconds: 20) }
            let bodies = received.withLock { $0.dropFirst(3).map { String(decoding: $0.body, as: UTF8.self) } }
            #expect(bodies == [#"{"id":2}"#, #"{"id":2}"#, #"{"id":1}"#, #"{"id":1}"#])
        }
        receiver.stop()
        running.join()
    }
}
