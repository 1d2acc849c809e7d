import Testing

@testable import PartnerCore

@Suite("The fixtures decode")
struct EventFixtureTests {
    static let ada = Caller.person(
        Caller.Person(
            subject: "user-42", email: Caller.Contact("ada@example.com", isVerified: true),
            phone: Caller.Contact("+15556667777", isVerified: true)))
    /// Her identity vouches for no phone number.
    static let grace = Caller.person(
        Caller.Person(subject: "user-43", email: Caller.Contact("grace@example.com", isVerified: true)))
    static let bookings = Caller.service("arn:aws:sts::123456789012:assumed-role/bookings-backend/session")
    static let backend = Caller.service("arn:aws:sts::123456789012:assumed-role/rewards-backend/session")

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let route: String
        let caller: Caller?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "token-relay/http-api", route: "POST /api/ownli/token", caller: ada),
        Case(name: "token-relay/http-api-lambda-authorizer", route: "POST /api/ownli/token", caller: ada),
        Case(name: "token-relay/rest-api", route: "POST /api/ownli/token", caller: ada),
        Case(name: "token-relay/rest-api-lambda-authorizer", route: "POST /api/ownli/token", caller: ada),
        Case(name: "token-relay/function-url", route: "POST /api/ownli/token", caller: backend),
        Case(name: "token-relay/alb", route: "POST /api/ownli/token", caller: nil),
        Case(name: "token-relay/no-identity", route: "POST /api/ownli/token", caller: nil),
        Case(name: "user-opt-in/opt-in-http-api", route: "POST /api/ownli/users", caller: ada),
        Case(name: "user-opt-in/opt-in-rest-api", route: "POST /api/ownli/users", caller: ada),
        Case(name: "user-opt-in/opt-in-function-url", route: "POST /api/ownli/users", caller: backend),
        Case(name: "user-opt-in/opt-in-no-consent", route: "POST /api/ownli/users", caller: ada),
        Case(name: "user-opt-in/opt-in-unproven-phone", route: "POST /api/ownli/users", caller: grace),
        Case(name: "user-opt-in/me-http-api", route: "GET /api/ownli/users/me", caller: ada),
        Case(name: "user-opt-in/withdraw-http-api", route: "DELETE /api/ownli/users/me", caller: ada),
        Case(name: "user-opt-in/my-rewards-http-api", route: "GET /api/ownli/users/me/rewards", caller: ada),
        Case(name: "user-opt-in/claim-http-api", route: "POST /api/ownli/users/me/rewards/claim", caller: ada),
        Case(name: "ownerrez-connect/begin-http-api", route: "POST /api/ownerrez/connections", caller: ada),
        Case(name: "ownerrez-connect/callback-http-api", route: "GET /oauth/ownerrez/callback", caller: nil),
        Case(name: "ownerrez-connect/complete-http-api", route: "POST /api/ownerrez/connections/complete", caller: ada),
        Case(name: "ownerrez-connect/list-http-api", route: "GET /api/ownerrez/connections", caller: ada),
        Case(name: "ownerrez-connect/check-http-api", route: "GET /api/ownerrez/connections", caller: ada),
        Case(
            name: "ownerrez-connect/disconnect-http-api", route: "DELETE /api/ownerrez/connections/347482730",
            caller: ada),
        Case(name: "ownerrez-connect/no-identity", route: "GET /api/ownerrez/connections", caller: nil),
        Case(name: "reward-grant/http-api-iam", route: "POST /api/ownli/rewards/grant", caller: backend),
        Case(name: "reward-grant/rest-api-iam", route: "POST /api/ownli/rewards/grant", caller: backend),
        Case(name: "reward-grant/list-http-api-iam", route: "GET /api/ownli/rewards", caller: backend),
        Case(name: "reward-grant/http-api-person", route: "POST /api/ownli/rewards/grant", caller: ada),
        Case(
            name: "ownerrez-api/http-api-iam", route: "GET /api/ownerrez/connections/347482730/v2/bookings",
            caller: bookings),
        Case(
            name: "ownerrez-api/http-api-person", route: "GET /api/ownerrez/connections/347482730/v2/bookings",
            caller: ada),
        Case(
            name: "ownerrez-api/patch-rest-api-iam",
            route: "PATCH /api/ownerrez/connections/347482730/v2/bookings/16879744", caller: bookings),
        Case(name: "ownerrez-webhook/entity-update", route: "POST /webhooks/ownerrez", caller: nil),
        Case(name: "ownerrez-webhook/entity-delete", route: "POST /webhooks/ownerrez", caller: nil),
        Case(name: "ownerrez-webhook/revoked", route: "POST /webhooks/ownerrez", caller: nil),
        Case(name: "ownerrez-webhook/test-ping", route: "POST /webhooks/ownerrez", caller: nil),
        Case(name: "ownerrez-webhook/bad-credentials", route: "POST /webhooks/ownerrez", caller: nil),
    ]

    @Test("to the route and the caller they are meant for", arguments: cases)
    func http(expected: Case) throws {
        let request = try request(fixture(expected.name))
        #expect("\(request.method) \(request.path)" == expected.route)
        #expect(try callerByGateway(request.identity) == expected.caller)
        #expect(request.headers["x-forwarded-proto"] == "https")
    }

    @Test(
        "to a JSON object as their body",
        arguments: ["user-opt-in/opt-in-http-api", "user-opt-in/opt-in-rest-api", "user-opt-in/opt-in-function-url"])
    func body(name: String) throws {
        let body = try request(fixture(name)).jsonObject()
        #expect(body["firstName"] == "Ada")
        #expect(body["address"]?["state"] == "CA")
    }

    @Test("to a query")
    func query() throws {
        let items = try request(fixture("reward-grant/list-http-api-iam")).queryItems()
        #expect(try items.single("actionCode") == "device-purchase")
        #expect(try items.single("page") == "0")
    }

    @Test("a batch of which one message is no JSON, to both messages")
    func partialBatch() throws {
        let event = try Event(decoding: json(fixture("reward-grant/sqs-partial")), for: takingMessages)
        guard case .batch(let messages) = event else { throw NotHTTP() }
        #expect(messages.map { $0.body.hasPrefix("{") } == [true, false])
    }
}
