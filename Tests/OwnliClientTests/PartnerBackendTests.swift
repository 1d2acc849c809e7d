import Foundation
import PartnerCore
import Testing

@testable import OwnliClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("Your own backend")
struct PartnerBackendTests {
    private static func answering(
        _ reply: HTTPServer.Reply, to record: Record = Record(), _ body: (PartnerBackend) async throws -> Void
    ) async throws {
        try await serving { request in
            record.add(request)
            return reply
        } _: { url in
            try await body(
                PartnerBackend(baseURL: url) { $0.setValue("Bearer jwt", forHTTPHeaderField: "Authorization") })
        }
    }

    @Test("a token is asked for with the app's own authentication")
    func token() async throws {
        let record = Record()
        let reply = json(200, #"{"access_token":"eyJa","expires_in":3600,"scope":"user"}"#)
        try await Self.answering(reply, to: record) { backend in
            let token = try await backend.token()
            #expect(token.secret == "eyJa")
            #expect(token.lifetime == .seconds(3600))
        }
        #expect(record.all.map { "\($0.method) \($0.path)" } == ["POST /api/ownli/token"])
        #expect(record.all.first?.headers.all("Authorization") == ["Bearer jwt"])
        #expect(record.all.first?.body == [])
    }

    @Test(
        "what is not exactly a user-scoped token is refused",
        arguments: [
            #"{"access_token":"a","expires_in":3600,"scope":"admin"}"#, #"{"access_token":"a","expires_in":3600}"#,
            #"{"access_token":"","expires_in":3600,"scope":"user"}"#,
            #"{"access_token":"a\r\nX: y","expires_in":3600,"scope":"user"}"#,
            #"{"access_token":"a","expires_in":-1,"scope":"user"}"#,
            #"{"access_token":"a","expires_in":"3600","scope":"user"}"#,
            #"{"expires_in":3600,"scope":"user"}"#, "", "<html>", "[]",
        ])
    func badTokens(body: String) async throws {
        try await Self.answering(json(200, body)) { backend in
            await #expect(throws: OwnliClientError.answerNotUnderstood(status: 200)) { try await backend.token() }
        }
    }

    @Test("401 is a user who is signed out; other errors have the functions' code and request id")
    func errors() async throws {
        let body = #"{"error_code":"CONSENT_REQUIRED","error_message":"m","request_id":"r-1"}"#
        try await Self.answering(json(401, body)) { backend in
            await #expect(throws: OwnliClientError.signedOut) { try await backend.token() }
        }
        try await Self.answering(json(400, body)) { backend in
            let refusal = OwnliClientError.Refusal(
                status: 400, code: "CONSENT_REQUIRED", message: "m", requestID: "r-1")
            await #expect(throws: OwnliClientError.backendRefused(refusal)) { try await backend.me() }
        }
    }

    @Test("an opt-in leaves as user-opt-in reads it, and its link comes back")
    func optIn() async throws {
        let record = Record()
        let reply = json(200, #"{"ownliUserId":"XT_USRa","linkedAt":"2026-04-25T10:15:30.250Z"}"#)
        try await Self.answering(reply, to: record) { backend in
            let form = OptIn(
                firstName: "Ada", lastName: "Lovelace", phone: "+15556667777", address: .init(state: "CA"),
                consent: .init(termsOfService: true, privacyPolicy: true))
            let link = try await backend.optIn(form)
            #expect(link.ownliUserID == "XT_USRa")
            #expect(link.linkedAt == Date(timeIntervalSince1970: 1_777_112_130.25))
        }
        let sent = try #require(record.all.first)
        #expect("\(sent.method) \(sent.path)" == "POST /api/ownli/users")
        #expect(sent.headers.all("Content-Type") == ["application/json"])
        let body = try JSON.parse(sent.body)
        #expect(body.members?.map { $0.name }.sorted() == ["address", "consent", "firstName", "lastName", "phone"])
        #expect(body["consent"]?["termsOfService"] == true)
        #expect(body["address"] == ["state": "CA"])
    }

    @Test("who has not opted in has no link")
    func notLinked() async throws {
        let body = #"{"error_code":"NOT_LINKED","error_message":"m","request_id":"r"}"#
        try await Self.answering(json(404, body)) { backend in
            let link = try await backend.me()
            #expect(link == nil)
        }
    }

    @Test("withdrawing may be repeated, and is done for who has not opted in")
    func withdraw() async throws {
        let record = Record()
        try await Self.answering(.response(Response(status: 204)), to: record) { try await $0.withdraw() }
        #expect(record.all.map { "\($0.method) \($0.path)" } == ["DELETE /api/ownli/users/me"])
        #expect(record.all.first?.headers.all("Authorization") == ["Bearer jwt"])
        let body = #"{"error_code":"NOT_LINKED","error_message":"m","request_id":"r"}"#
        try await Self.answering(json(404, body)) { try await $0.withdraw() }
        let broken = #"{"error_code":"STORE_UNAVAILABLE","error_message":"m","request_id":"r"}"#
        try await Self.answering(json(503, broken)) { backend in
            let refusal = OwnliClientError.Refusal(
                status: 503, code: "STORE_UNAVAILABLE", message: "m", requestID: "r")
            await #expect(throws: OwnliClientError.backendRefused(refusal)) { try await backend.withdraw() }
        }
    }

    @Test("the user's own rewards are read without a token in the app")
    func rewards() async throws {
        let record = Record()
        let body =
            #"{"rewards":[{"id":"XT_DBR1","status":"Confirmed","amount":25.1,"dateRewarded":"2026-04-25T10:15:30Z"}]}"#
        try await Self.answering(json(200, body), to: record) { backend in
            let rewards = try await backend.rewards()
            #expect(rewards.map { $0.id } == ["XT_DBR1"])
            #expect(rewards.first?.amount == Dollars(cents: 2510))
            #expect(rewards.first?.status == .confirmed)
        }
        #expect(record.all.map { "\($0.method) \($0.path)" } == ["GET /api/ownli/users/me/rewards"])
        for wrong in ["[]", "{}", #"{"rewards":[{"id":"a"}]}"#, "<html>"] {
            try await Self.answering(json(200, wrong)) { backend in
                await #expect(throws: OwnliClientError.answerNotUnderstood(status: 200)) { try await backend.rewards() }
            }
        }
    }

    @Test("a claim says the product, and gives an address that may be opened")
    func claim() async throws {
        let record = Record()
        let body = #"{"rewardDeliveryLink":"https://rewards.example/abc"}"#
        try await Self.answering(json(200, body), to: record) { backend in
            #expect(try await backend.claimRewards(product: "paypal") == URL(string: "https://rewards.example/abc"))
            _ = try await backend.claimRewards(product: "visa", language: "es-MX")
        }
        #expect(
            record.all.map { "\($0.method) \($0.path)" }
                == [String](
                    repeating: "POST /api/ownli/users/me/rewards/claim", count: 2))
        let bodies = try record.all.map { try JSON.parse($0.body) }
        #expect(bodies[0] == ["product": "paypal"])
        #expect(bodies[1]["product"] == "visa" && bodies[1]["language"] == "es-MX")
        for wrong in ["javascript:alert(1)", "http://rewards.example/abc", "", "https://"] {
            try await Self.answering(json(200, #"{"rewardDeliveryLink":"\#(wrong)"}"#)) { backend in
                await #expect(throws: OwnliClientError.answerNotUnderstood(status: 200)) {
                    try await backend.claimRewards(product: "paypal")
                }
            }
        }
        let refused = #"{"error_code":"ERROR_NO_CONFIRMED_REWARDS","error_message":"m","request_id":"r"}"#
        try await Self.answering(json(409, refused)) { backend in
            let refusal = OwnliClientError.Refusal(
                status: 409, code: "ERROR_NO_CONFIRMED_REWARDS", message: "m", requestID: "r")
            await #expect(throws: OwnliClientError.backendRefused(refusal)) {
                try await backend.claimRewards(product: "paypal")
            }
        }
    }
}
