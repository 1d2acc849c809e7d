import Foundation
import PartnerCore
import Testing

@testable import OwnliClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("Calls with a user token")
struct OwnliClientTests {
    @Test("a storm of 401 renews the token once, and every call is made again with its body")
    func storm() async throws {
        let record = Record()
        let mint = Mint()
        try await serving { request in
            record.add(request)
            return request.headers["Authorization"] == "Bearer token-2" ? json(200, "{}") : json(401, "")
        } _: { url in
            let client = try OwnliClient(baseURL: url) { await mint.token() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        try await client.send(OwnliRequest("POST", "/api/x", json: Data("{\"n\":\(number)}".utf8)))
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(await mint.asked == 2)
        let accepted = record.all.filter { $0.headers["Authorization"] == "Bearer token-2" }
        let bodies = Set(accepted.map { String(decoding: $0.body, as: UTF8.self) })
        #expect(accepted.count == 100)
        #expect(bodies == Set((0..<100).map { "{\"n\":\($0)}" }))
        #expect(record.all.count <= 200)
    }

    @Test("a token that is never accepted is renewed exactly once a call")
    func neverAccepted() async throws {
        let record = Record()
        let mint = Mint()
        try await serving { request in
            record.add(request)
            return json(401, "")
        } _: { url in
            let client = try OwnliClient(baseURL: url) { await mint.token() }
            await #expect(throws: OwnliClientError.ownliDoesNotAcceptTheToken) {
                try await client.send(OwnliRequest("GET", "/api/x"))
            }
        }
        #expect(record.all.map { $0.headers["Authorization"] } == ["Bearer token-1", "Bearer token-2"])
        #expect(await mint.asked == 2)
    }

    @Test("an error has Ownli's code, whatever status it comes with, and an answer without one is an error too")
    func errors() async throws {
        typealias Refusal = OwnliClientError.Refusal
        let cases: [(HTTPServer.Reply, OwnliClientError)] = [
            (json(403, #"{"error_code":"INSUFFICIENT_SCOPE","error_message":"m"}"#), .endpointBelongsOnTheServer),
            (
                json(403, #"{"error_code":"ERROR_NO_PERMISSIONS_TO_RESOURCE","error_message":"m"}"#),
                .ownliRefused(
                    Refusal(status: 403, code: "ERROR_NO_PERMISSIONS_TO_RESOURCE", message: "m", requestID: nil))
            ),
            (
                json(500, #"{"error_code":"ERROR_NO_CONFIRMED_REWARDS","error_message":"m"}"#),
                .ownliRefused(Refusal(status: 500, code: "ERROR_NO_CONFIRMED_REWARDS", message: "m", requestID: nil))
            ),
            (json(502, "<html>"), .ownliRefused(Refusal(status: 502, code: nil, message: nil, requestID: nil))),
            (json(404, ""), .ownliRefused(Refusal(status: 404, code: nil, message: nil, requestID: nil))),
            (json(200, "[]"), .answerNotUnderstood(status: 200)),
            (json(200, #"{"id":7}"#), .answerNotUnderstood(status: 200)),
            (json(200, ""), .answerNotUnderstood(status: 200)),
        ]
        for (reply, expected) in cases {
            try await serving { _ in
                reply
            } _: { url in
                let client = try OwnliClient(baseURL: url) { UserToken(secret: "t", expiresIn: 3600) }
                await #expect(throws: expected) { try await client.user(id: "XT_USRa") }
            }
        }
        #expect(
            OwnliClientError.endpointBelongsOnTheServer.localizedDescription
                == "This endpoint needs an admin token and belongs on the server: call it from your backend, not from the app."
        )
    }

    @Test("a redirect is an error, and the token does not go where it leads")
    func redirect() async throws {
        let elsewhere = Record()
        try await serving { request in
            elsewhere.add(request)
            return json(200, #"{"id":"x"}"#)
        } _: { target in
            try await serving { _ in
                .response(Response(status: 307, headers: ["Location": "\(target.absoluteString)/api/x"]))
            } _: { url in
                let client = try OwnliClient(baseURL: url) { UserToken(secret: "t", expiresIn: 3600) }
                await #expect(throws: OwnliClientError.redirected(status: 307)) { try await client.user(id: "a") }
            }
        }
        #expect(elsewhere.all.isEmpty)
    }

    @Test("a call that waits for its answer can be cancelled")
    func cancelled() async throws {
        let arrived = Lock(false)
        let released = Lock(false)
        try await serving { _ in
            arrived.withLock { $0 = true }
            _ = released.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
            return .close
        } _: { url in
            let client = try OwnliClient(baseURL: url) { UserToken(secret: "t", expiresIn: 3600) }
            let call = Task { try await client.user(id: "a") }
            while !arrived.withLock({ $0 }) { await Task.yield() }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
            released.withLock { $0 = true }
            released.notify()
        }
    }

    @Test("a server that is not there is named by a code alone")
    func unreachable() async throws {
        // Port 1 of loopback: nobody listens.
        let client = try OwnliClient(baseURL: URL(string: "http://127.0.0.1:1")!) {
            UserToken(secret: "t", expiresIn: 3600)
        }
        let error = try await #require(throws: OwnliClientError.self) { try await client.user(phone: "+15556667777") }
        guard case .unreachable = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!"\(error) \(error.localizedDescription)".contains("5556667777"))
    }

    @Test("what the backend throws is thrown as it is")
    func backendError() async throws {
        let client = try OwnliClient(baseURL: OwnliClient.sandboxURL) { throw OwnliClientError.signedOut }
        await #expect(throws: OwnliClientError.signedOut) { try await client.user(id: "a") }
    }

    @Test("an id is one segment of the path, and a query is encoded")
    func paths() async throws {
        let record = Record()
        try await serving { request in
            record.add(request)
            return json(200, #"{"id":"x"}"#)
        } _: { url in
            let client = try OwnliClient(baseURL: url) { UserToken(secret: "t", expiresIn: 3600) }
            _ = try await client.user(id: "../../rewards?a=b#c/%2e\u{e9}")
            _ = try await client.user(phone: "+15556667777")
            try await client.send(
                OwnliRequest("GET", "/api/payouts", query: [URLQueryItem(name: "a b", value: "c+d&e=f")]))
            for id in ["", ".", ".."] {
                await #expect(throws: OwnliClientError.requestCannotBeSent) { try await client.user(id: id) }
            }
            for path in ["api", "@evil.example.com/", "//x?y=z", "/a#b", ""] {
                await #expect(throws: OwnliClientError.requestCannotBeSent) {
                    try await client.send(OwnliRequest("GET", path))
                }
            }
        }
        #expect(
            record.all.map { $0.path + ($0.query.isEmpty ? "" : "?" + $0.query) } == [
                "/api/users/by-id/..%2F..%2Frewards%3Fa%3Db%23c%2F%252e%C3%A9", "/api/users/by-phone/%2B15556667777",
                "/api/payouts?a%20b=c%2Bd%26e%3Df",
            ])
    }

    @Test(
        "only https and loopback are base addresses",
        arguments: [
            ("https://api.example.com", true), ("https://api.example.com/stage/", true),
            ("http://127.0.0.1:8787", true),
            ("http://localhost", true), ("http://[::1]:80", true), ("http://127.8.9.1", true),
            ("http://api.example.com", false), ("http://127.0.0.1.example.com", false), ("http://127.0.0", false),
            ("http://localhost.example.com", false), ("https://user@api.example.com", false),
            ("https://api.example.com?a=b", false), ("https://api.example.com#a", false), ("ftp://127.0.0.1", false),
            ("file:///etc", false), ("api.example.com", false), ("http://127.0.0.1@evil.example.com", false),
        ])
    func baseURLs(text: String, isAllowed: Bool) throws {
        let url = try #require(URL(string: text))
        let client = try? OwnliClient(baseURL: url) { UserToken(secret: "t", expiresIn: 1) }
        #expect((client != nil) == isAllowed)
    }

    @Test(
        "amounts are whole cents, and anything else is refused",
        arguments: [
            ("25.10", 2510), ("25.1", 2510), ("1", 100), ("0.01", 1), ("100.00", 10_000), ("-5", -500),
            ("2.5e1", 2500), ("19.99", 1999), ("4.35", 435), ("25.001", nil), ("25.005", nil), ("\"25\"", nil),
            ("1e300", nil), ("true", nil),
        ] as [(String, Int?)])
    func amounts(text: String, cents: Int?) throws {
        let dollars = try? JSONDecoder().decode([Dollars].self, from: Data("[\(text)]".utf8)).first
        #expect(dollars?.cents == cents)
    }

    @Test("an amount is exact as a decimal")
    func decimals() {
        #expect("\(Dollars(cents: 2510).decimal)" == "25.1")
        #expect((1...10).reduce(Decimal(0)) { sum, _ in sum + Dollars(cents: 10).decimal } == 1)
    }
}
