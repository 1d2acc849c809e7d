import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The sandbox's tokens")
struct SandboxTokenTests {
    @Test("a token is issued as Ownli documents it, and no two are the same", arguments: ["admin", "user"])
    func issue(scope: String) throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.send("POST", "/api/auth/token", body: SandboxClient.tokenBody(scope))
            #expect(answer.status == 200)
            #expect(answer.json["token_type"] == "Bearer")
            #expect(answer.json["expires_in"] == 3600)
            #expect(answer.json["partner_id"] == "sandbox-partner")
            #expect(answer.json["scope"] == .string(scope))
            #expect(answer.json["access_token"]?.string?.hasPrefix("eyJ") == true)
            try #expect(sandbox.token(scope) != sandbox.token(scope))
        }
    }

    @Test(
        "a token request that is not as documented is refused",
        arguments: [
            (SandboxClient.tokenBody("root"), 400),
            (SandboxClient.tokenBody("Admin"), 400),
            (#"{"clientId":"sandbox-client","clientSecret":"sandbox-secret","partnerId":"sandbox-partner"}"#, 400),
            (#"{"clientId":"a","clientSecret":"b","partnerId":"c","scope":"user","more":1}"#, 400),
            (#"{"clientId":"a","clientSecret":"b","partnerId":"c","scope":"user"}"#, 401),
            (#"{"clientId":1,"clientSecret":"b","partnerId":"c","scope":"user"}"#, 400),
            ("[]", 400), ("null", 400), ("", 400), ("{", 400),
        ])
    func refusals(body: String, status: Int) throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.send("POST", "/api/auth/token", body: body)
            #expect(answer.status == status)
            #expect(answer.code == (status == 401 ? nil : "ERROR_INVALID_PARAMETERS"))
        }
    }

    @Test(
        "a body that is not declared to be JSON is refused",
        arguments: ["text/plain", "application/x-www-form-urlencoded"])
    func contentType(type: String) throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.send("POST", "/api/auth/token", body: SandboxClient.tokenBody("user"), type: type)
            #expect(answer.status == 415)
        }
    }

    @Test("no token, an unknown one, an expired one and a revoked one get 401 without a body")
    func unauthenticated() throws {
        try SandboxClient.with(tokenLifetime: 0) { sandbox in
            for token in [nil, "no-such-token", try sandbox.token()] {
                let answer = try sandbox.send("GET", "/api/users", token: token)
                #expect(answer.status == 401)
                #expect(answer.text.isEmpty)
                #expect(!answer.head.contains("Content-Type"))
            }
        }
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            try #expect(sandbox.send("GET", "/api/users", token: token).status == 200)
            try #expect(sandbox.send("POST", "/_sandbox/expire-tokens").status == 204)
            try #expect(sandbox.send("GET", "/api/users", token: token).status == 401)
        }
    }

    @Test(
        "the legacy header authentication is refused, beside a token too",
        arguments: ["partnerId", "clientId", "clientSecret"])
    func legacy(name: String) throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            for token in [nil, token] {
                let answer = try sandbox.send("GET", "/api/users", token: token, headers: "\(name): sandbox\r\n")
                #expect(answer.status == 401)
            }
        }
    }

    @Test(
        "a user token reaches no admin endpoint",
        arguments: ["GET /api/users", "POST /api/users", "POST /api/rewards/grant", "GET /api/rewards"])
    func scopes(route: String) throws {
        try SandboxClient.with { sandbox in
            let parts = route.split(separator: " ").map { String($0) }
            let answer = try sandbox.send(parts[0], parts[1], token: sandbox.token("user"))
            #expect(answer.status == 403)
            #expect(answer.code == "INSUFFICIENT_SCOPE")
        }
    }
}

@Suite("The sandbox's users")
struct SandboxUserTests {
    @Test("a user is created as Ownli documents it, and found by either token")
    func create() throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.createUser(sandbox.token())
            #expect(answer.status == 200)
            let id = try #require(answer.json["id"]?.string)
            #expect(id.hasPrefix("XT_USR"))
            #expect(answer.json["tosAnswer"] == "None")
            #expect(answer.json["address"]?["state"] == "CA")
            #expect(answer.json["address"]?["country"] == "US")
            for token in [try sandbox.token("user"), try sandbox.token("admin")] {
                try #expect(sandbox.send("GET", "/api/users/by-id/\(id)", token: token).json == answer.json)
                try #expect(sandbox.send("GET", "/api/users/by-phone/%2B15556667777", token: token).json == answer.json)
                try #expect(sandbox.send("GET", "/api/users/by-phone/+15556667777", token: token).json == answer.json)
            }
            let list = try sandbox.send("GET", "/api/users", token: sandbox.token()).json
            #expect(list["totalItems"] == 1)
            #expect(list["users"] == .array([answer.json]))
        }
    }

    @Test("the same e-mail in any case, or the same phone, is the same user")
    func existing() throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            let first = try sandbox.createUser(token)
            try #expect(sandbox.createUser(token, email: "ANN@Example.com", phone: "+15550000001").json == first.json)
            try #expect(sandbox.createUser(token, email: "b@example.com").json == first.json)
            try #expect(
                sandbox.createUser(token, email: "b@example.com", phone: "+15550000001").json["id"]
                    != first.json["id"])
            try #expect(sandbox.counts()["users"] == 2)
        }
    }

    @Test("without the flag an existing user is a conflict", arguments: ["", "?returnExistingUserIfExists=false"])
    func conflict(query: String) throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            _ = try sandbox.createUser(token)
            let body = SandboxClient.userBody("ann@example.com", "+15556667777")
            try #expect(sandbox.send("POST", "/api/users" + query, token: token, body: body).status == 409)
        }
    }

    @Test(
        "a user that is not as documented is refused",
        arguments: [
            (#"{"lastName":"L","phone":"+15556667777","address":{"state":"CA"}}"#, "ERROR_INVALID_PARAMETERS"),
            (
                #"{"firstName":" ","lastName":"L","phone":"+15556667777","address":{"state":"CA"}}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (#"{"firstName":"F","phone":"+15556667777","address":{"state":"CA"}}"#, "ERROR_INVALID_PARAMETERS"),
            (#"{"firstName":"F","lastName":"L","address":{"state":"CA"}}"#, "ERROR_INVALID_PARAMETERS"),
            (
                #"{"firstName":"F","lastName":"L","phone":"15556667777","address":{"state":"CA"}}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+1 555 666 7777","address":{"state":"CA"}}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+05556667777","address":{"state":"CA"}}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (#"{"firstName":"F","lastName":"L","phone":"+15556667777"}"#, "ERROR_INVALID_PARAMETERS"),
            (#"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{}}"#, "ERROR_INVALID_PARAMETERS"),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"ca"}}"#,
                "ERROR_INVALID_STATE_CODE"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"CAL"}}"#,
                "ERROR_INVALID_STATE_CODE"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"CA","country":"CA"}}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"CA","street":"x"}}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"CA"},"consent":true}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"CA"},"email":"x"}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"CA"},"email":null}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
            (
                #"{"firstName":"F","lastName":"L","phone":"+15556667777","address":{"state":"CA"},"isEmailVerified":"true"}"#,
                "ERROR_INVALID_PARAMETERS"
            ),
        ])
    func refusals(body: String, code: String) throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.send("POST", "/api/users", token: sandbox.token(), body: body)
            #expect(answer.status == 400)
            #expect(answer.code == code)
            try #expect(sandbox.counts()["users"] == 0)
        }
    }

    @Test("a user who does not exist is not found")
    func unknown() throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token("user")
            for path in ["by-id/XT_USRx", "by-phone/+15550000000", "by-id/XT_USRx/rewards"] {
                let answer = try sandbox.send("GET", "/api/users/\(path)", token: token)
                #expect(answer.status == 404)
                #expect(answer.code == "ERROR_USER_NOT_FOUND")
            }
        }
    }
}

@Suite("The sandbox's rewards")
struct SandboxRewardTests {
    @Test("a reward is granted as Ownli documents it, and its reference replays it")
    func grant() throws {
        try Self.withUser { sandbox, token, user in
            let first = try sandbox.grant(token, user)
            #expect(first.status == 200)
            #expect(first.json["id"]?.string?.hasPrefix("XT_DBR") == true)
            #expect(first.json["userId"] == .string(user))
            #expect(first.text.contains(#""amount":25.1,"type":"Custom""#))
            #expect(first.json["status"] == "Confirmed")
            #expect(first.json["idempotentReplay"] == false)
            #expect(first.json["dateRewarded"]?.string?.utf8.count == 20)
            let second = try sandbox.grant(token, user, action: "another")
            #expect(second.json["idempotentReplay"] == true)
            #expect(second.json["id"] == first.json["id"])
            try #expect(sandbox.counts()["rewards"] == 1)
        }
    }

    @Test("the reference of another user's reward, or of another amount, is a conflict")
    func conflict() throws {
        try Self.withUser { sandbox, token, user in
            _ = try sandbox.grant(token, user)
            let other = try sandbox.createUser(token, email: "b@example.com", phone: "+15550000001")
            for answer in [
                try sandbox.grant(token, user, "25.11"),
                try sandbox.grant(token, try #require(other.json["id"]?.string)),
            ] {
                #expect(answer.status == 409)
                #expect(answer.code == "ERROR_REWARD_CONFLICT")
            }
        }
    }

    @Test(
        "an amount is a number of cents within the bounds",
        arguments: ["1", "1.0", "1.00", "25.1", "25.10", "100", "100.00"])
    func amounts(amount: String) throws {
        try Self.withUser { sandbox, token, user in
            try #expect(sandbox.grant(token, user, amount).status == 200)
        }
    }

    @Test(
        "any other amount is refused, as it is written",
        arguments: [
            "0", "0.99", "100.01", "101", "-5", "25.001", "25.100", "25.100000000000001", "1e2", "2.5e1", "\"25\"",
            "null",
            "true", "[25]", "{\"amount\":25}", "99999999999999999999999.0",
        ])
    func badAmounts(amount: String) throws {
        try Self.withUser { sandbox, token, user in
            let answer = try sandbox.grant(token, user, amount)
            #expect(answer.status == 400)
            #expect(answer.code == "ERROR_INVALID_PARAMETERS")
        }
    }

    @Test("an action code or a reference that breaks the rules is refused")
    func names() throws {
        try Self.withUser { sandbox, token, user in
            for action in ["", "a b", "a/b", "\u{e9}", String(repeating: "a", count: 65)] {
                try #expect(sandbox.grant(token, user, action: action).code == "ERROR_INVALID_PARAMETERS")
            }
            for reference in ["", String(repeating: "a", count: 129)] {
                try #expect(sandbox.grant(token, user, reference: reference).code == "ERROR_INVALID_PARAMETERS")
            }
            let longest = try sandbox.grant(
                token, user, action: String(repeating: "a", count: 64),
                reference: String(repeating: "\u{e9}", count: 128))
            #expect(longest.status == 200)
        }
    }

    @Test(
        "a grant that lacks a member, or has one too many, is refused",
        arguments: [
            #"{"amount":25,"actionCode":"a","clientReference":"r"}"#,
            #"{"userId":"u","actionCode":"a","clientReference":"r"}"#,
            #"{"userId":"u","amount":25,"clientReference":"r"}"#,
            #"{"userId":"u","amount":25,"actionCode":"a"}"#,
            #"{"userId":"u","amount":25,"actionCode":"a","clientReference":"r","currency":"USD"}"#,
            #"{"userId":"u","amount":25,"amount":26,"actionCode":"a","clientReference":"r"}"#,
        ])
    func members(body: String) throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.send("POST", "/api/rewards/grant", token: sandbox.token(), body: body)
            #expect(answer.status == 400)
            #expect(answer.code == "ERROR_INVALID_PARAMETERS")
        }
    }

    @Test("a reward for nobody is refused")
    func unknownUser() throws {
        try SandboxClient.with { sandbox in
            let answer = try sandbox.grant(sandbox.token(), "XT_USRnobody")
            #expect(answer.status == 404)
            #expect(answer.code == "ERROR_USER_NOT_FOUND")
        }
    }

    @Test("rewards are listed newest first, in pages of ten from page zero, by exact action code")
    func list() throws {
        try Self.withUser { sandbox, token, user in
            for number in 1...12 { _ = try sandbox.grant(token, user, reference: "order-\(number)") }
            _ = try sandbox.grant(token, user, action: "other", reference: "order-13")
            func list(_ query: String) throws -> JSON {
                try sandbox.send("GET", "/api/rewards" + query, token: token).json
            }
            let first = try list("?actionCode=device-purchase")
            #expect(first["totalItems"] == 12)
            #expect(first["currentPage"] == 0)
            #expect(first["totalPages"] == 2)
            #expect(first["itemsOnPage"] == 10)
            let reward = try #require(first["rewards"]?.array?.first)
            #expect(reward["clientReference"] == "order-12")
            #expect(reward["owner"] == ["id": .string(user), "firstName": "Ann", "lastName": "Lee"])
            try #expect(list("?actionCode=device-purchase&page=1")["itemsOnPage"] == 2)
            try #expect(list("?actionCode=device-purchase&page=2")["itemsOnPage"] == 0)
            try #expect(list("?actionCode=device-purchase&page=2&size=5")["itemsOnPage"] == 2)
            try #expect(list("?actionCode=device")["totalItems"] == 0)
            try #expect(list("")["totalItems"] == 13)
            for query in ["?page=-1", "?page=a", "?size=0", "?size=101", "?limit=1", "?page=0&page=1"] {
                try #expect(list(query)["error_code"] == "ERROR_INVALID_PARAMETERS")
            }
        }
    }

    @Test("a user's rewards are a bare array, and are claimed once")
    func claim() throws {
        try Self.withUser { sandbox, token, user in
            _ = try sandbox.grant(token, user)
            let path = "/api/users/by-id/\(user)/rewards"
            let app = try sandbox.token("user")
            try #expect(sandbox.send("GET", path, token: app).json.array?.map { $0["status"] } == ["Confirmed"])
            for query in ["", "?product=", "?product=paypal&userId=1"] {
                try #expect(sandbox.send("POST", path + "/claim" + query, token: app).status == 400)
            }
            let claimed = try sandbox.send("POST", path + "/claim?product=paypal&language=es", token: app)
            #expect(claimed.status == 200)
            #expect(claimed.json["rewardDeliveryLink"]?.string?.hasPrefix("https://") == true)
            try #expect(sandbox.send("GET", path, token: app).json.array?.map { $0["status"] } == ["Claimed"])
            let again = try sandbox.send("POST", path + "/claim?product=paypal", token: app)
            #expect(again.status == 500)
            #expect(again.code == "ERROR_NO_CONFIRMED_REWARDS")
        }
    }

    private static func withUser(_ body: (SandboxClient, _ token: String, _ user: String) throws -> Void) throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            try body(sandbox, token, try #require(try sandbox.createUser(token).json["id"]?.string))
        }
    }
}
