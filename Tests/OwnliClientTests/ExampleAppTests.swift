import Foundation
import PartnerCore
import Testing

@testable import OwnliClient
@testable import PartnerDev

/// The example and the client against the sandbox, through URLSession; the functions are answered for here.
@Suite("An app")
struct ExampleAppTests {
    @Test("the article shows the example word for word")
    func article() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let source = try String(contentsOf: tests.appending(path: "ExampleApp.swift"), encoding: .utf8)
        let path = "../../Sources/OwnliClient/OwnliClient.docc/InYourApp.md"
        let article = try String(contentsOf: tests.appending(path: path).standardized, encoding: .utf8)
        let begin = try #require(source.range(of: "// snippet begins\n"))
        let end = try #require(source.range(of: "// snippet ends"))
        // All blocks but the first one, which is a manifest.
        let blocks = article.components(separatedBy: "```swift\n").dropFirst(2)
            .map { $0.components(separatedBy: "```")[0] }
        #expect(blocks.joined(separator: "\n") == source[begin.upperBound..<end.lowerBound])
    }

    @Test("joins, sees the reward and claims it; an admin endpoint belongs on the server")
    func story() async throws {
        let sandbox = Sandbox()
        let user = Lock<String?>(nil)
        try await serving { request in
            Self.functions(request, sandbox, user) ?? sandbox.reply(to: request)
        } _: { url in
            let app = try Rewards(backend: url, ownli: url) { "jwt" }
            #expect(try await app.profile() == nil)
            #expect(try await !app.hasJoined())
            try await app.join(firstName: "Ada", lastName: "Lovelace", phone: "+15556667777", state: "CA")
            let id = try #require(user.withLock { $0 })
            Self.grant(to: id, in: sandbox)

            let backend = try PartnerBackend(baseURL: url) {
                $0.setValue("Bearer jwt", forHTTPHeaderField: "Authorization")
            }
            let ownli = try OwnliClient(baseURL: url, token: backend.token)
            let found = try await ownli.user(phone: "+15556667777")
            #expect(found.id == id)
            #expect(try await ownli.user(id: id) == found)
            let reward = try #require(try await ownli.rewards(ofUser: id).first)
            #expect(reward.status == .confirmed)
            #expect(reward.amount == Dollars(cents: 2510))
            #expect(reward.dateRewarded != nil)

            #expect(try await app.profile() == found)
            #expect(try await app.hasJoined())
            #expect(try await app.balance() == "$25.10")
            #expect(try await app.claim(product: "paypal")?.scheme == "https")
            #expect(try await ownli.rewards(ofUser: id).map { $0.status } == [.claimed])
            #expect(try await app.claim(product: "paypal") == nil)
            // As whoever has a token may do it.
            Self.grant(to: id, as: "order-2", in: sandbox)
            #expect(try await ownli.claimRewards(ofUser: id, product: "visa", language: "es").scheme == "https")

            // Ownli forgets its tokens; the app does not notice.
            _ = sandbox.reply(to: Request(method: "POST", path: "/_sandbox/expire-tokens"))
            #expect(try await ownli.user(id: id) == found)
            await #expect(throws: OwnliClientError.endpointBelongsOnTheServer) {
                try await ownli.send(OwnliRequest("GET", "/api/rewards"))
            }
            let kept = try JSON.parse(Array(try await app.everything()))
            #expect(kept["link"]?["ownliUserId"]?.string == id)
            try await app.leave()
            #expect(try await app.profile() == nil)

            let error = await #expect(throws: OwnliClientError.self) { try await app.balance() }
            #expect(Rewards.nextStep(after: try #require(error)) == .agreeAgain)
            let stranger = try Rewards(backend: url, ownli: url) { "expired" }
            let refused = await #expect(throws: OwnliClientError.self) { try await stranger.hasJoined() }
            #expect(Rewards.nextStep(after: try #require(refused)) == .signIn)
        }
    }

    /// What token-relay and user-opt-in answer; nil for what is Ownli's.
    private static func functions(
        _ request: Request, _ sandbox: Sandbox, _ user: Lock<String?>
    ) -> HTTPServer.Reply? {
        guard request.path.hasPrefix("/api/ownli/") else { return nil }
        guard request.headers["Authorization"] == "Bearer jwt" else { return json(401, "") }
        switch (request.method, request.path) {
        case ("POST", "/api/ownli/token"):
            return json(200, #"{"access_token":"\#(token("user", in: sandbox))","expires_in":3600,"scope":"user"}"#)
        case ("POST", "/api/ownli/users"):
            let body =
                #"{"firstName":"Ada","lastName":"Lovelace","phone":"+15556667777","address":{"state":"CA"}}"#
            let id = ask("/api/users", body, token("admin", in: sandbox), in: sandbox)["id"]?.string
            user.withLock { $0 = id }
        case ("DELETE", "/api/ownli/users/me"):
            user.withLock { $0 = nil }
            return .response(Response(status: 204))
        case ("GET", "/api/ownli/users/me/export"):
            let link: JSON = ["ownliUserId": .string(user.withLock { $0 } ?? "")]
            return .response(.json(200, ["link": link, "rewards": [], "events": [], "next": .null]))
        case ("GET", "/api/ownli/users/me/rewards") where user.withLock({ $0 }) != nil:
            return own("GET", "", sandbox, user)
        case ("POST", "/api/ownli/users/me/rewards/claim"): return own("POST", "/claim", sandbox, user)
        default: break
        }
        guard let id = user.withLock({ $0 }) else {
            return json(404, #"{"error_code":"NOT_LINKED","error_message":"m","request_id":"r"}"#)
        }
        return json(200, #"{"ownliUserId":"\#(id)","linkedAt":"2026-04-25T10:15:30.000Z"}"#)
    }

    /// What Ownli answers to a question about the user themselves, as the functions hand it on.
    private static func own(
        _ method: String, _ path: String, _ sandbox: Sandbox, _ user: Lock<String?>
    ) -> HTTPServer.Reply {
        let request = Request(
            method: method, path: "/api/users/by-id/\(user.withLock { $0 } ?? "")/rewards" + path,
            query: method == "POST" ? "product=paypal" : "",
            headers: ["Authorization": "Bearer \(token("user", in: sandbox))"])
        guard case .response(let response, _) = sandbox.reply(to: request),
            let answer = try? JSON.parse(response.body)
        else { return json(502, "") }
        guard case .array = answer else { return .response(response) }
        return .response(.json(200, ["rewards": answer]))
    }

    private static func grant(to id: String, as reference: String = "order-1", in sandbox: Sandbox) {
        let body = #"{"userId":"\#(id)","amount":25.10,"actionCode":"a","clientReference":"\#(reference)"}"#
        _ = ask("/api/rewards/grant", body, token("admin", in: sandbox), in: sandbox)
    }

    private static func token(_ scope: String, in sandbox: Sandbox) -> String {
        let body =
            #"{"clientId":"sandbox-client","clientSecret":"sandbox-secret","partnerId":"sandbox-partner","scope":"\#(scope)"}"#
        return ask("/api/auth/token", body, nil, in: sandbox)["access_token"]?.string ?? ""
    }

    private static func ask(_ path: String, _ body: String, _ token: String?, in sandbox: Sandbox) -> JSON {
        var headers: Headers = ["Content-Type": "application/json"]
        if let token { headers.add("Authorization", "Bearer \(token)") }
        let request = Request(method: "POST", path: path, headers: headers, body: Array(body.utf8))
        guard case .response(let response, _) = sandbox.reply(to: request) else { return .null }
        return (try? JSON.parse(response.body)) ?? .null
    }
}
