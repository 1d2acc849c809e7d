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

    @Test("scheme, host, port and path of a redirect URI must be the setting's; a query may come with it")
    func redirectURIs() throws {
        try SandboxClient.with { sandbox in
            let base = "response_type=code&client_id=c_sandbox"
            #expect(try decide(sandbox, base).hasPrefix("\(redirectURI)?code=tc_"), "it need not be sent")
            let query = "\(base)&redirect_uri=\(encoded(redirectURI + "?from=app"))"
            #expect(try decide(sandbox, query).hasPrefix("\(redirectURI)?from=app&code=tc_"))
            for other in [
                "https://127.0.0.1:8080/oauth/ownerrez/callback", "http://127.0.0.2:8080/oauth/ownerrez/callback",
                "http://127.0.0.1:8081/oauth/ownerrez/callback", "http://127.0.0.1:8080/oauth/ownerrez/callback/",
                "http://127.0.0.1:8080/oauth/ownerrez/%63allback", "http://me@127.0.0.1:8080/oauth/ownerrez/callback",
                redirectURI + "#", "",
            ] {
                let answer = try sandbox.send("GET", "/oauth/authorize?\(base)&redirect_uri=\(encoded(other))")
                #expect(answer.status == 400 && answer.text.contains("redirect_uri_mismatch"), "\(other)")
            }
            let own = "http://127.0.0.1:9/back"
            _ = try sandbox.send("PUT", "/_sandbox/ownerrez/app", body: #"{"redirect_uri":"\#(own)"}"#)
            #expect(try decide(sandbox, base).hasPrefix("\(own)?code=tc_"))
        }
    }

    @Test("the person chooses the account, among those that there are")
    func accounts() throws {
        try SandboxClient.with { sandbox in
            let query = "response_type=code&client_id=c_sandbox"
            let location = try decide(sandbox, "\(query)&account=347655120")
            let code = try #require(location.components(separatedBy: "code=").last)
            let answer = try form(
                sandbox, "/oauth/access_token", "grant_type=authorization_code&code=\(code)", headers: client)
            #expect(answer.json["user_id"] == 347_655_120)
            for bad in ["account=1&decision=approve", "account=x&decision=approve", "decision=perhaps", ""] {
                #expect(try form(sandbox, "/oauth/authorize", "\(query)&\(bad)").status == 400)
            }
        }
    }

    @Test("a code and a token that are over are refused, and a pair is still renewed")
    func expiry() throws {
        try SandboxClient.with { sandbox in
            func set(_ app: String) throws {
                #expect(try sandbox.send("PUT", "/_sandbox/ownerrez/app", body: app).status == 204)
            }
            try set(#"{"code_seconds":0}"#)
            let late = try exchange(sandbox, code(sandbox))
            #expect(late.status == 400)
            #expect(late.text == #"{"error":"invalid_grant","error_description":"It's been too long."}"#)
            try set(#"{"code_seconds":600,"token_seconds":0,"policy":"standard"}"#)
            let pair = try exchange(sandbox, code(sandbox)).json
            #expect(pair["expires_in"] == 0)
            #expect(try me(sandbox, pair["access_token"]?.string ?? "") == 401)
            try set(#"{"token_seconds":60}"#)
            let renewed = try form(
                sandbox, "/oauth/access_token",
                "grant_type=refresh_token&refresh_token=\(pair["refresh_token"]?.string ?? "")", headers: client)
            #expect(renewed.json["expires_in"] == 60)
            #expect(try me(sandbox, renewed.json["access_token"]?.string ?? "") == 200)
        }
    }

    @Test("what is missing is said in OwnerRez's shape: a token, a User-Agent, this as 403 or as 401")
    func apiErrors() throws {
        try SandboxClient.with { sandbox in
            let shape = #""doc_url":"https://api.ownerrez.com/help""#
            let noToken = try sandbox.send("GET", "/v2/users/me", headers: agent)
            #expect(
                noToken.text == #"{"messages":["The token is not valid"],"code":"unauthorized",\#(shape),"#
                    + #""status":"unauthorized","status_code":401}"#)
            let app = #"{"status_without_user_agent":401}"#
            #expect(try sandbox.send("PUT", "/_sandbox/ownerrez/app", body: app).status == 204)
            let noAgent = try sandbox.send("GET", "/v2/users/me")
            #expect(
                noAgent.text == #"{"messages":["A User-Agent is required"],"code":"user_agent_required",\#(shape),"#
                    + #""status":"user_agent_required","status_code":401}"#)
        }
    }

    @Test("a settings change that is not understood changes nothing")
    func badSettings() throws {
        try SandboxClient.with { sandbox in
            for app in [
                #"{"redirect_uri":"http://127.0.0.1:9/","policy":"weak"}"#, #"{"token_seconds":-1}"#,
                #"{"code_seconds":601}"#, #"{"status_without_user_agent":402}"#, #"{"colour":"red"}"#,
            ] {
                try #expect(sandbox.send("PUT", "/_sandbox/ownerrez/app", body: app).status == 400)
            }
            try #expect(sandbox.send("GET", "/_sandbox/ownerrez").json["redirect_uri"] == .string(redirectURI))
        }
    }

    @Test("faults reach OwnerRez's routes: busy, and an answer that is lost after the code was used up")
    func faults() throws {
        try SandboxClient.with { sandbox in
            try sandbox.fault(
                #"{"route":"GET /v2/users/me","fault":"status","status":429,"contentType":"application/json","#
                    + #""body":"{\"code\":429,\"error\":\"Rate limit exceeded.\"}"}"#)
            let busy = try sandbox.send("GET", "/v2/users/me", headers: agent)
            #expect(busy.status == 429 && busy.text == #"{"code":429,"error":"Rate limit exceeded."}"#)

            let code = try code(sandbox)
            try sandbox.fault(#"{"route":"POST /oauth/access_token","fault":"drop","milliseconds":30}"#)
            let start = Instant.now()
            #expect(try exchange(sandbox, code).text.isEmpty)
            #expect(start.elapsedMicroseconds >= 30_000)
            #expect(try sandbox.send("GET", "/_sandbox/ownerrez").json["tokens"] == 1)
            #expect(try exchange(sandbox, code).json["error"] == "invalid_grant")
        }
    }

    @Test("calls are recorded with what they sent, every secret that was issued is told, and a reset forgets it all")
    func books() throws {
        try SandboxClient.with { sandbox in
            let code = try code(sandbox)
            let token = try #require(try exchange(sandbox, code).json["access_token"]?.string)
            _ = try sandbox.send("DELETE", "/oauth/access_token/\(token.replacing("_", with: "%5F"))", headers: client)
            #expect(
                try sandbox.calls().map { $0["route"] } == [
                    "POST /oauth/authorize", "POST /oauth/access_token", "DELETE /oauth/access_token/:token",
                ])
            #expect(try sandbox.calls().map { $0["status"] } == [302, 200, 204])
            #expect(try sandbox.send("GET", "/_sandbox/ownerrez").json["issued"] == [.string(code), .string(token)])
            #expect(try sandbox.counts()["tokens"] == 0, "Ownli has none of them")

            _ = try sandbox.send("PUT", "/_sandbox/ownerrez/app", body: #"{"policy":"standard"}"#)
            _ = try exchange(sandbox, self.code(sandbox))
            _ = try sandbox.send("POST", "/_sandbox/reset")
            let books = try sandbox.send("GET", "/_sandbox/ownerrez").json
            #expect(books["tokens"] == 0 && books["codes"] == 0 && books["policy"] == "none")
            #expect(books["issued"] == [])
        }
    }
}
