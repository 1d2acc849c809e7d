import Testing

@testable import PartnerCore

@Suite("OwnerRez's API with a connection's token")
struct ConnectedAPITests {
    private let directory = TestDirectory()
    private let store: RecordStore

    init() throws { store = .sqlite(try SQLiteStore(path: directory.path + "/partner.sqlite")) }

    /// Takes one token, and gives new ones for refresh tokens.
    private static func answering(
        _ accepted: String, renewed: String? = nil, _ answer: HTTPServer.Reply = json(200, #"{"items":[]}"#)
    ) throws -> OwnerRezUpstream {
        try OwnerRezUpstream { request, _ in
            if request.path == "/oauth/access_token" {
                guard let renewed else { return json(400, #"{"error":"invalid_grant"}"#) }
                return json(200, #"{"access_token":"\#(renewed)","refresh_token":"rt_2","expires_in":2592000}"#)
            }
            guard request.headers["Authorization"] == "Bearer \(accepted)" else {
                return json(401, #"{"status_code":401,"code":"unauthorized"}"#)
            }
            return answer
        }
    }

    @Test("the request on the wire")
    func wire() throws {
        let upstream = try Self.answering("at_1")
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        let response = try connected.call(
            APIRequest(path: "/v2/bookings", query: "since_utc=2026-11-26T10%3A00Z&limit=100"))
        #expect(response.status == 200 && response.body == Array(#"{"items":[]}"#.utf8) && response.date != nil)
        #expect(upstream.lines == ["GET /v2/bookings?since_utc=2026-11-26T10%3A00Z&limit=100 at_1"])
        let headers = upstream.received[0].headers
        #expect(headers["User-Agent"] == "partner-functions/\(version) (c_test)")
        #expect(headers["Accept"] == "application/json")
        #expect(headers["Content-Type"] == nil)
    }

    @Test("a body goes as it is", arguments: ["POST", "PATCH", "PUT", "DELETE"])
    func body(method: String) throws {
        let upstream = try Self.answering("at_1", json(201, "{}"))
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        let body = Array(#"{"notes":"é"}"#.utf8)
        let request = APIRequest(method: method, path: "/v2/bookings/7", body: body, mayBeSentTwice: false)
        #expect(try connected.call(request).status == 201)
        #expect(upstream.received[0].method == method && upstream.received[0].body == body)
        #expect(upstream.received[0].headers.all("Content-Type") == ["application/json"])
        _ = try connected.call(APIRequest(method: method, path: "/v2/bookings/7", mayBeSentTwice: false))
        #expect(upstream.received[1].method == method && upstream.received[1].body.isEmpty)
    }

    @Test("a token that is refused is renewed once, and the request comes again", arguments: ["GET", "POST"])
    func renewal(method: String) throws {
        let upstream = try Self.answering("at_2", renewed: "at_2")
        let connected = Connected(upstream, store)
        try connected.connect("at_1", "rt_1")
        let request = APIRequest(method: method, path: "/v2/bookings", mayBeSentTwice: method == "GET")
        #expect(try connected.call(request).status == 200)
        #expect(
            upstream.lines == [
                "\(method) /v2/bookings at_1", "POST /oauth/access_token client", "\(method) /v2/bookings at_2",
            ])
        #expect(try connected.call(request).status == 200)
        #expect(upstream.lines.count == 4)
    }

    @Test("a token that is about to expire is renewed before")
    func expiry() throws {
        let upstream = try Self.answering("at_2", renewed: "at_2")
        let connected = Connected(upstream, store)
        try connected.connect("at_1", "rt_1", expires: .now().adding(seconds: 60))
        #expect(try connected.call().status == 200)
        #expect(upstream.lines == ["POST /oauth/access_token client", "GET /v2/bookings at_2"])
    }

    @Test("a connection is revoked once OwnerRez takes its token nowhere", arguments: [nil, "at_2"])
    func revoked(renewed: String?) throws {
        let upstream = try Self.answering("at_other", renewed: renewed)
        let connected = Connected(upstream, store)
        try connected.connect("at_1", renewed == nil ? nil : "rt_1")
        #expect(throws: APICallError.revoked) { try connected.call() }
        let renewal = ["POST /oauth/access_token client", "GET /v2/bookings at_2", "GET /v2/users/me at_2"]
        #expect(
            upstream.lines == ["GET /v2/bookings at_1"] + (renewed == nil ? ["GET /v2/users/me at_1"] : renewal))
        #expect(throws: APICallError.revoked) { try connected.call() }
        #expect(upstream.lines.count == (renewed == nil ? 2 : 4), "nothing is called with it any more")
    }

    @Test("a token that one path alone refuses is none of a revoked connection's")
    func refusedHere() throws {
        let upstream = try OwnerRezUpstream { request, _ in
            request.path == "/v2/users/me" ? json(200, "{}") : json(401, "{}")
        }
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        #expect {
            try connected.call()
        } throws: { error in
            (error as? APICallError)?.functionError.code == "UPSTREAM_ERROR"
        }
    }

    @Test("who connects anew while the old token is judged is not told of as revoked")
    func connectedMeanwhile() throws {
        let reconnecting = Lock<Connected?>(nil)
        let upstream = try OwnerRezUpstream { request, _ in
            if request.path == "/v2/users/me" { try? reconnecting.withLock { $0 }?.connect("at_9") }
            return request.headers["Authorization"] == "Bearer at_9" ? json(200, "{}") : json(401, "{}")
        }
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        reconnecting.withLock { $0 = connected }
        #expect {
            try connected.call()
        } throws: { error in
            let error = (error as? APICallError)?.functionError
            return error?.code == "UPSTREAM_ERROR" && error?.isTransient == true
        }
        #expect(try connected.call().status == 200)
    }

    @Test("without a connection, or with somebody else's, nothing is called")
    func notConnected() throws {
        let upstream = try Self.answering("at_1")
        let connected = Connected(upstream, store)
        #expect(throws: APICallError.notConnected) { try connected.call() }
        try connected.connect("at_1")
        #expect(throws: APICallError.notConnected) {
            try connected.api.call(
                APIRequest(path: "/v2/bookings"), account: Connected.account, of: "another", as: .call, in: .forStore())
        }
        #expect(upstream.received.isEmpty)
    }

    @Test("OwnerRez's other refusals are answers", arguments: [400, 403, 404, 409, 422])
    func refusals(status: Int) throws {
        let upstream = try Self.answering("at_1", json(status, #"{"messages":["an agreement is needed"]}"#))
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        let response = try connected.call()
        #expect(response.status == status)
        #expect(response.body == Array(#"{"messages":["an agreement is needed"]}"#.utf8))
        #expect(upstream.lines.count == 1)
    }

    @Test(
        "what fails is tried again if it may be",
        arguments: [
            (500, true, 3, 502, "UPSTREAM_ERROR"), (500, false, 1, 502, "UPSTREAM_ERROR"),
            (503, true, 3, 503, "UPSTREAM_BUSY"), (503, false, 1, 503, "UPSTREAM_BUSY"),
            (302, true, 1, 502, "UPSTREAM_ERROR"),
        ])
    func failures(status: Int, mayBeSentTwice: Bool, tries: Int, ours: Int, code: String) throws {
        let upstream = try Self.answering("at_1", json(status, "", ["Location": "https://example.com/"]))
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        #expect {
            try connected.call(APIRequest(path: "/v2/bookings", mayBeSentTwice: mayBeSentTwice))
        } throws: { error in
            let error = (error as? APICallError)?.functionError
            return error?.status == ours && error?.code == code
        }
        #expect(upstream.lines.count == tries)
    }

    @Test("a 429 is waited out, whatever the request is", arguments: [true, false])
    func limited(mayBeSentTwice: Bool) throws {
        let upstream = try OwnerRezUpstream { _, count in
            count == 0
                ? json(429, #"{"code":429,"error":"Rate limit exceeded."}"#, ["Retry-After": "1"]) : json(200, "{}")
        }
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        #expect(try connected.call(APIRequest(path: "/v2/bookings", mayBeSentTwice: mayBeSentTwice)).status == 200)
        #expect(upstream.lines.count == 2)
    }

    @Test("a 429 holds up every other process, and whoever cannot wait is told until when")
    func paused() throws {
        let upstream = try Self.answering("at_1", json(429, ""))
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        for process in [connected, Connected(upstream, store)] {
            #expect {
                try process.call(in: .forStore(milliseconds: 5000))
            } throws: { error in
                guard case .busy(let seconds) = error as? APICallError else { return false }
                return (10...15).contains(seconds)
            }
        }
        #expect(upstream.lines.count == 1)
    }

    @Test("nothing is called beyond the budget, or without it")
    func budget() throws {
        let upstream = try Self.answering("at_1")
        let connected = Connected(upstream, store, budget: RateBudget(store, limit: 3))
        try connected.connect("at_1")
        for _ in 0..<3 { #expect(try connected.call().status == 200) }
        #expect {
            try connected.call(in: .forStore(milliseconds: 10_000))
        } throws: { error in
            (error as? APICallError)?.functionError.retryAfter != nil
        }
        let away = Connected(upstream, store, budget: RateBudget(.notOpened, limit: 280))
        #expect {
            try away.call()
        } throws: { error in
            (error as? APICallError)?.functionError.code == "STORE_UNAVAILABLE"
        }
        #expect(upstream.lines.count == 3)
    }

    @Test("an answer of 6 MB is one, and a larger one is not")
    func largeAnswers() throws {
        let upstream = try OwnerRezUpstream { request, _ in
            json(200, String(repeating: "a", count: 6_291_456 + (request.query == "more" ? 1 : 0)))
        }
        let connected = Connected(upstream, store)
        try connected.connect("at_1")
        #expect(try connected.call().body.count == 6_291_456)
        #expect(throws: APICallError.upstream(.unreachable(.answerTooLarge))) {
            try connected.call(APIRequest(path: "/v2/bookings", query: "more"))
        }
    }

    @Test(
        "logs name a call without what it was about",
        arguments: [
            ("/v2/bookings", "GET /v2/bookings"), ("/v2/bookings/7", "GET /v2/bookings/.."),
            ("/v2/guests/ada/notes", "GET /v2/guests/.."), ("/v2/ada%40example.com", "GET /v2/.."),
            ("/v2/", "GET /v2/"),
        ])
    func names(path: String, name: String) {
        #expect(APIRequest(path: path).name == name)
    }
}
