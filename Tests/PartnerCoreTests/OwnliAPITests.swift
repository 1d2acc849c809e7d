import Testing

@testable import PartnerCore

private let adminToken = json(200, #"{"access_token":"admin-1","expires_in":3600,"scope":"admin"}"#)
private let userToken = json(200, #"{"access_token":"user-1","expires_in":3600,"scope":"user"}"#)
private let token = "/api/auth/token"
private let grant = "/api/rewards/grant"
private let order = RewardRequest(
    userID: "XT_USR1", amount: Cents(2510), actionCode: "device-purchase", clientReference: "order-1")
private let reward = json(
    200, #"{"id":"XT_DBR1","userId":"XT_USR1","amount":25.10,"clientReference":"order-1","status":"Confirmed"}"#)

@Suite("Ownli's API")
struct OwnliAPITests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    @Test("the token request on the wire")
    func tokenRequest() throws {
        let upstream = try OwnliUpstream([token: [userToken]])
        let minted = try upstream.api.mintToken(.user, in: invocation)
        #expect(minted.secret.reveal() == "user-1")
        #expect(
            upstream.bodies(token) == [
                #"{"clientId":"id","clientSecret":"s3cret","partnerId":"partner","scope":"user"}"#
            ])
        let request = upstream.requests.withLock { $0[0] }
        #expect(request.method == "POST")
        #expect(request.headers["Content-Type"] == "application/json")
        #expect(request.headers["clientSecret"] == nil)
    }

    @Test(
        "however long the upstream asks us to wait, it is an answer",
        arguments: [
            "0", "86401", "10000000000000000", "9223372036854775807", "9223372036854775808", "-1", "1e9",
            "Tue, 01 Jan 9999 00:00:00 GMT",
        ])
    func retryAfter(_ field: String) throws {
        for status in [429, 503] {
            let upstream = try OwnliUpstream([token: [json(status, "", ["Retry-After": field])]])
            do throws(OwnliError) {
                _ = try upstream.api.mintToken(.user, in: invocation)
                Issue.record("a refusal is no token")
            } catch {
                guard case .busy(let seconds) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect((1...86_400).contains(seconds ?? 1))
            }
        }
    }

    @Test(
        "a user token is refused unless the answer is whole",
        arguments: [
            #"{"expires_in":3600,"scope":"user"}"#, #"{"access_token":"","expires_in":3600,"scope":"user"}"#,
            #"{"access_token":"t","scope":"user"}"#, #"{"access_token":"t","expires_in":0,"scope":"user"}"#,
            #"{"access_token":"t","expires_in":-1,"scope":"user"}"#,
            #"{"access_token":"t","expires_in":"3600","scope":"user"}"#, #"{"access_token":"t","expires_in":3600}"#,
            #"{"access_token":"t","expires_in":3600,"scope":"admin"}"#,
            #"{"access_token":"t\n","expires_in":3600,"scope":"user"}"#, "<html>", "", "[]",
        ])
    func badToken(answer: String) throws {
        let upstream = try OwnliUpstream([token: [json(200, answer)]])
        #expect { try upstream.api.userToken(in: invocation) } throws: { ($0 as? FunctionError)?.status == 502 }
        #expect(upstream.bodies(token).count == 1)
    }

    @Test("an admin token may lack its scope, but not have another one")
    func adminScope() throws {
        let lacking = try OwnliUpstream([token: [json(200, #"{"access_token":"t","expires_in":3600}"#)]])
        #expect(try lacking.api.mintToken(.admin, in: invocation).secret.reveal() == "t")
        let other = try OwnliUpstream([token: [userToken]])
        #expect(throws: OwnliError.self) { try other.api.mintToken(.admin, in: invocation) }
    }

    @Test(
        "the upstream's failure becomes our answer",
        arguments: [
            (401, 502, "UPSTREAM_REJECTED_CREDENTIALS", 1), (403, 502, "UPSTREAM_REJECTED_CREDENTIALS", 1),
            (400, 502, "UPSTREAM_ERROR", 1), (500, 502, "UPSTREAM_ERROR", 3), (429, 503, "UPSTREAM_BUSY", 3),
            (503, 503, "UPSTREAM_BUSY", 3), (302, 502, "UPSTREAM_ERROR", 1), (204, 502, "UPSTREAM_ERROR", 1),
        ])
    func failures(status: Int, ours: Int, code: String, tries: Int) throws {
        let upstream = try OwnliUpstream([token: [json(status, "", ["Location": "/elsewhere"])]])
        #expect { try upstream.api.userToken(in: invocation) } throws: { error in
            (error as? FunctionError)?.status == ours && (error as? FunctionError)?.code == code
        }
        #expect(upstream.bodies(token).count == tries)
        #expect(upstream.bodies("/elsewhere").isEmpty)
    }

    @Test("Retry-After that is longer than the time left is handed on, not waited for")
    func retryAfter() throws {
        let upstream = try OwnliUpstream([token: [json(429, "", ["Retry-After": "120"])]])
        #expect { try upstream.api.userToken(in: invocation) } throws: { ($0 as? FunctionError)?.retryAfter == 120 }
        #expect(upstream.bodies(token).count == 1)
    }

    @Test("the grant on the wire, and a lost answer asked for again")
    func grantRequest() throws {
        let upstream = try OwnliUpstream([token: [adminToken], grant: [.reset, .close, reward]])
        let granted = try upstream.api.grant(order, in: invocation)
        #expect(granted.id == "XT_DBR1")
        let body =
            #"{"userId":"XT_USR1","amount":25.1,"actionCode":"device-purchase","clientReference":"order-1"}"#
        #expect(upstream.bodies(grant) == [body, body, body])
        #expect(upstream.requests.withLock { $0.last }?.headers["Authorization"] == "Bearer admin-1")
    }

    @Test("a 401 asks for one fresh token and tries once more; a second 401 is the end")
    func unauthorized() throws {
        let fresh = json(200, #"{"access_token":"admin-2","expires_in":3600,"scope":"admin"}"#)
        let upstream = try OwnliUpstream([token: [adminToken, fresh], grant: [json(401, ""), reward]])
        _ = try upstream.api.grant(order, in: invocation)
        #expect(upstream.bodies(token).count == 2)
        #expect(upstream.requests.withLock { $0.last }?.headers["Authorization"] == "Bearer admin-2")

        let closed = try OwnliUpstream([token: [adminToken], grant: [json(401, "")]])
        #expect { try closed.api.grant(order, in: invocation) } throws: {
            ($0 as? OwnliError)?.functionError.code == "UPSTREAM_REJECTED_CREDENTIALS"
        }
        #expect(closed.bodies(token).count == 2)
        #expect(closed.bodies(grant).count == 2)
    }

    @Test("ten grants that meet an expired token refresh it once")
    func batch() throws {
        let fresh = json(200, #"{"access_token":"admin-2","expires_in":3600,"scope":"admin"}"#)
        let upstream = try OwnliUpstream([token: [adminToken, fresh], grant: [reward]], expired: "admin-1")
        let api = upstream.api
        let granted = Lock(0)
        concurrently(10, atMost: 10) { _ in
            if (try? api.grant(order, in: invocation)) != nil { granted.withLock { $0 += 1 } }
        }
        #expect(upstream.bodies(token).count == 2)
        #expect(granted.withLock { $0 } == 10)
    }

    @Test(
        "a business code makes a failure final, and only known codes are passed on",
        arguments: [
            (404, "ERROR_USER_NOT_FOUND", 404, "ERROR_USER_NOT_FOUND"),
            (409, "ERROR_REWARD_CONFLICT", 409, "ERROR_REWARD_CONFLICT"),
            (400, "ERROR_INVALID_PARAMETERS", 400, "ERROR_INVALID_PARAMETERS"),
            (500, "ERROR_CLAIMING_REWARDS", 502, "UPSTREAM_ERROR"), (400, "<script>", 502, "UPSTREAM_ERROR"),
            (403, "INSUFFICIENT_SCOPE", 502, "UPSTREAM_REJECTED_CREDENTIALS"),
        ])
    func businessCodes(status: Int, code: String, ourStatus: Int, ourCode: String) throws {
        let answer = json(status, #"{"error_code":"\#(code)","error_message":"Ada Lovelace is unknown"}"#)
        let upstream = try OwnliUpstream([token: [adminToken], grant: [answer]])
        #expect { try upstream.api.grant(order, in: invocation) } throws: { error in
            guard let error = (error as? OwnliError)?.functionError else { return false }
            return error.status == ourStatus && error.code == ourCode && !"\(error)".contains("Ada")
        }
        #expect(upstream.bodies(grant).count == 1)
    }

    @Test(
        "a reward for another user, amount or reference is no success",
        arguments: [
            #"{"id":"1","userId":"XT_USR2","amount":25.10,"clientReference":"order-1","status":"Confirmed"}"#,
            #"{"id":"1","userId":"XT_USR1","amount":25.11,"clientReference":"order-1","status":"Confirmed"}"#,
            #"{"id":"1","userId":"XT_USR1","amount":25.10,"clientReference":"order-2","status":"Confirmed"}"#, "{}",
            #"{"id":"1","userId":"XT_USR1","amount":25.10,"actionCode":7,"clientReference":"order-1","status":"C"}"#,
            #"{"id":"1","userId":"XT_USR1","amount":25.10,"actionCode":"a b","clientReference":"order-1","status":"C"}"#,
        ])
    func mismatch(answer: String) throws {
        let upstream = try OwnliUpstream([token: [adminToken], grant: [json(200, answer)]])
        #expect { try upstream.api.grant(order, in: invocation) } throws: {
            ($0 as? OwnliError)?.functionError.status == 502 && ($0 as? OwnliError)?.isRefusal == false
        }
    }

    @Test(
        "user and reference are compared by bytes", arguments: [("XT_USR\u{212a}", "order-1"), ("XT_USRK", "e\u{301}")])
    func bytes(user: String, reference: String) throws {
        let answer = #"{"id":"1","userId":"XT_USRK","amount":25.10,"clientReference":"\u00e9","status":"Confirmed"}"#
        let upstream = try OwnliUpstream([token: [adminToken], grant: [json(200, answer)]])
        let order = RewardRequest(userID: user, amount: Cents(2510), actionCode: "a", clientReference: reference)
        #expect { try upstream.api.grant(order, in: invocation) } throws: {
            ($0 as? OwnliError) == .unexpectedAnswer("a reward for another user, amount or reference")
        }
    }

    @Test("a reward is older than what asked for it by its action code, or by its date, and only as a replay")
    func older() throws {
        let asked = Timestamp(epochSeconds: 1_777_112_130)  // 2026-04-25T10:15:30Z
        func isOlder(_ actionCode: String, _ date: String?, isReplay: Bool = true) -> Bool {
            Reward(
                id: "1", request: order, actionCode: actionCode, status: "Confirmed", dateRewarded: date,
                isReplay: isReplay
            ).isOlder(than: asked)
        }
        #expect(isOlder("survey", nil) && isOlder("survey", "2026-04-25T10:15:31Z"))
        #expect(!isOlder("survey", nil, isReplay: false))
        #expect(
            isOlder("device-purchase", "2026-04-25T10:10:29Z") && isOlder("device-purchase", "2026-04-24T23:59:59.9Z"))
        #expect(!isOlder("device-purchase", "2026-04-25T10:10:29Z", isReplay: false))
        for unclear in [
            nil, "2026-04-25T10:10:30Z", "2026-04-25T10:15:31Z", "2026-04-25", "2026-04-25T08:00:00+02:00", "",
        ] {
            #expect(!isOlder("device-purchase", unclear), "it counts: \(unclear ?? "no date")")
        }
    }

    @Test("an answer of 10 MB is refused")
    func huge() throws {
        let upstream = try OwnliUpstream([token: [json(200, String(repeating: "x", count: 10_000_000))]])
        #expect { try upstream.api.userToken(in: invocation) } throws: {
            ($0 as? FunctionError)?.detail == "the answer is too large"
        }
    }

    @Test("without time left nothing is sent")
    func noTime() throws {
        let upstream = try OwnliUpstream([token: [userToken]])
        let late = Invocation(requestID: "r", deadline: .after(milliseconds: 400), log: Log(descriptor: -1))
        #expect { try upstream.api.userToken(in: late) } throws: { ($0 as? FunctionError)?.status == 504 }
        #expect(upstream.bodies(token).isEmpty)
    }
}
