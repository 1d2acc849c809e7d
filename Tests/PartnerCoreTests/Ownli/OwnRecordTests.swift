import Testing

@testable import PartnerCore

private let userToken = json(200, #"{"access_token":"user-1","expires_in":3600,"scope":"user"}"#)
private let freshToken = json(200, #"{"access_token":"user-2","expires_in":3600,"scope":"user"}"#)
private let token = "/api/auth/token"
private let rewards = "/api/users/by-id/XT_USR1/rewards"
private let claim = rewards + "/claim"
private let delivery = json(200, #"{"rewardDeliveryLink":"https://rewards.example/abc?t=1"}"#)

@Suite("A person's own record at Ownli")
struct OwnRecordTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    private func link(_ ownliUserID: String = "XT_USR1") -> UserLink {
        UserLink(subject: "anna", ownliUserID: ownliUserID, linkedAt: Timestamp(epochSeconds: 1))
    }

    private func sent(_ upstream: OwnliUpstream, _ path: String) -> [Request] {
        upstream.requests.withLock { $0 }.filter { $0.path == path }
    }

    private func refusal(_ body: () throws(FunctionError) -> Void) -> FunctionError? {
        do throws(FunctionError) {
            try body()
            return nil
        } catch { return error }
    }

    @Test("rewards are asked for with a user token, and only documented fields come back")
    func list() throws {
        let answer = #"""
            [{"id":"XT_DBR1","status":"Confirmed","type":"Custom","description":null,"actionCode":"a","vehicleId":"V",
              "clientReference":"order-1","payoutId":7,"dateRewarded":"2026-04-25T10:15:30Z","amount":25.10,
              "owner":{"id":"XT_USR1","firstName":"Ada"},"note":"<script>"},{"id":"XT_DBR2","status":"New","amount":0.001}]
            """#
        let upstream = try OwnliUpstream([token: [userToken], rewards: [json(200, answer)]])
        let json = try upstream.api.rewards(of: link(), in: invocation)
        #expect(
            String(decoding: json.text, as: UTF8.self)
                == #"[{"id":"XT_DBR1","status":"Confirmed","type":"Custom","actionCode":"a","clientReference":"order-1","#
                + #""vehicleId":"V","dateRewarded":"2026-04-25T10:15:30Z","amount":25.1},"#
                + #"{"id":"XT_DBR2","status":"New"}]"#)
        let request = try #require(sent(upstream, rewards).first)
        #expect(request.method == "GET" && request.query.isEmpty && request.body.isEmpty)
        #expect(request.headers["Authorization"] == "Bearer user-1")
        #expect(upstream.bodies(token).allSatisfy { $0.contains(#""scope":"user""#) })
    }

    @Test("the token serves many lists, and a 401 is made good by a fresh one, once")
    func tokens() throws {
        let upstream = try OwnliUpstream(
            [token: [userToken, freshToken], rewards: [json(200, "[]")]], expired: "user-1")
        let api = upstream.api
        for _ in 0..<3 { #expect(try api.rewards(of: link(), in: invocation) == []) }
        #expect(
            sent(upstream, rewards).map { $0.headers["Authorization"] ?? "" } == [
                "Bearer user-1", "Bearer user-2", "Bearer user-2", "Bearer user-2",
            ])
        let refused = try OwnliUpstream([token: [userToken], rewards: [json(401, "")]])
        let error = refusal { () throws(FunctionError) in _ = try refused.api.rewards(of: link(), in: invocation) }
        #expect(error?.code == "UPSTREAM_REJECTED_CREDENTIALS" && sent(refused, rewards).count == 2)
    }

    @Test(
        "an answer that is no list of rewards is none",
        arguments: [
            "{}", "null", #"{"rewards":[]}"#, "[1]", "[{}]", #"[{"id":"a"}]"#, #"[{"id":1,"status":"x"}]"#, "<html>",
        ])
    func notAList(body: String) throws {
        let upstream = try OwnliUpstream([token: [userToken], rewards: [json(200, body)]])
        let error = refusal { () throws(FunctionError) in _ = try upstream.api.rewards(of: link(), in: invocation) }
        #expect(error?.status == 502 && error?.code == "UPSTREAM_ERROR")
    }

    @Test("a claim has its product and language in the query, encoded, and no body")
    func claims() throws {
        let upstream = try OwnliUpstream([token: [userToken], claim: [delivery]])
        let api = upstream.api
        let address = try api.claimRewards(of: link(), product: "a&userId=2", language: "es-MX", in: invocation)
        #expect(address.reveal() == "https://rewards.example/abc?t=1")
        #expect("\(address)" == "<redacted>")
        _ = try api.claimRewards(of: link(), product: "paypal", language: nil, in: invocation)
        #expect(
            sent(upstream, claim).map { "\($0.method) \($0.query)" } == [
                "POST product=a%26userId%3D2&language=es-MX", "POST product=paypal",
            ])
        #expect(sent(upstream, claim).allSatisfy { $0.body.isEmpty && $0.headers["Authorization"] == "Bearer user-1" })
        #expect(upstream.bodies(token).count == 2, "a fresh token for each")
    }

    @Test("a claim is sent once, whatever becomes of it")
    func once() throws {
        let outcomes: [(HTTPServer.Reply, Int, String)] = [
            (.close, 502, "UPSTREAM_ERROR"), (.reset, 502, "UPSTREAM_ERROR"), (json(500, ""), 502, "UPSTREAM_ERROR"),
            (json(502, "<html>"), 502, "UPSTREAM_ERROR"), (json(503, ""), 503, "UPSTREAM_BUSY"),
            (json(429, "", ["Retry-After": "1"]), 503, "UPSTREAM_BUSY"),
            (json(401, ""), 502, "UPSTREAM_REJECTED_CREDENTIALS"),
            (json(403, #"{"error_code":"INSUFFICIENT_SCOPE"}"#), 502, "UPSTREAM_REJECTED_CREDENTIALS"),
            (json(404, #"{"error_code":"ERROR_USER_NOT_FOUND"}"#), 404, "ERROR_USER_NOT_FOUND"),
            (
                json(400, #"{"error_code":"ERROR_INVALID_PARAMETERS","error_message":"secret"}"#), 400,
                "ERROR_INVALID_PARAMETERS"
            ),
            (json(500, #"{"error_code":"ERROR_NO_CONFIRMED_REWARDS"}"#), 409, "ERROR_NO_CONFIRMED_REWARDS"),
            (
                json(500, #"{"error_code":"ERROR_MINIMUM_REWARD_THRESHOLD_NOT_MET"}"#), 409,
                "ERROR_MINIMUM_REWARD_THRESHOLD_NOT_MET"
            ),
            (json(500, #"{"error_code":"ERROR_CLAIMING_REWARDS"}"#), 502, "UPSTREAM_ERROR"),
            (json(302, "", ["Location": "https://elsewhere.example"]), 502, "UPSTREAM_ERROR"),
            (json(200, "{}"), 502, "UPSTREAM_ERROR"),
        ]
        for (reply, status, code) in outcomes {
            let upstream = try OwnliUpstream([token: [userToken], claim: [reply]])
            let api = upstream.api
            // A connection that is kept from before would let the library send it again by itself.
            _ = try api.mintToken(.user, in: invocation)
            let error = refusal { () throws(FunctionError) in
                _ = try api.claimRewards(of: link(), product: "paypal", language: nil, in: invocation)
            }
            #expect(error?.status == status && error?.code == code, "\(reply)")
            #expect(error?.message.contains("secret") == false && error?.detail?.contains("secret") != true)
            #expect(sent(upstream, claim).count == 1, "\(reply)")
        }
    }

    @Test(
        "only an https address is handed on",
        arguments: [
            "javascript:alert(1)", "http://rewards.example/", "https://", "https:///x", "https://a b",
            "https://a\u{e9}",
            "https://a\"><script>", "//rewards.example", "",
        ])
    func addresses(address: String) throws {
        let body = String(
            decoding: JSON(dictionaryLiteral: ("rewardDeliveryLink", .string(address))).text, as: UTF8.self)
        let upstream = try OwnliUpstream([token: [userToken], claim: [json(200, body)]])
        let error = refusal { () throws(FunctionError) in
            _ = try upstream.api.claimRewards(of: link(), product: "paypal", language: nil, in: invocation)
        }
        #expect(error?.code == "UPSTREAM_ERROR")
    }

    @Test("an id stays one segment of the path, and one that leads elsewhere is never sent")
    func ids() throws {
        let paths = [
            ("../rewards", "/api/users/by-id/..%2Frewards/rewards"),
            ("a/b?c#d", "/api/users/by-id/a%2Fb%3Fc%23d/rewards"),
            ("a%2fb", "/api/users/by-id/a%252fb/rewards"), ("é\r\n", "/api/users/by-id/%C3%A9%0D%0A/rewards"),
        ]
        for (id, path) in paths {
            let upstream = try OwnliUpstream([token: [userToken], path: [json(200, "[]")]])
            #expect(try upstream.api.rewards(of: link(id), in: invocation) == [])
        }
        for id in [".", ".."] {
            let upstream = try OwnliUpstream([token: [userToken]])
            let error = refusal { () throws(FunctionError) in
                _ = try upstream.api.rewards(of: link(id), in: invocation)
            }
            #expect(error?.status == 502)
            #expect(upstream.requests.withLock { $0 }.isEmpty)
        }
    }
}
