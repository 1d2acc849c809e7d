import PartnerCore

/// A double of OwnerRez: its authorize page, its token endpoint with its rules, and the one call of its API that we make.
/// What it remembers is a value; what it sends, webhooks, is `WebhookSender`'s.
struct OwnerRezDouble: Sendable {
    static let clientID = "c_sandbox"
    static let clientSecret = "s_sandbox"

    /// What an app's settings at OwnerRez say of its tokens.
    enum TokenPolicy: String {
        /// One token that stays.
        case none
        /// A pair, for 30 days.
        case standard
    }

    struct Account: Sendable {
        let id: Int
        let name: String
    }

    struct Code: Sendable {
        let account: Account
        /// As it was in the authorization request; then it has to come again.
        let redirectURI: String?
        let expires: Deadline
    }

    struct Token: Sendable {
        let account: Account
        let refresh: String?
        let expires: Deadline?

        var isAlive: Bool { expires.map { $0.remainingMilliseconds > 0 } ?? true }
    }

    static let accounts = [
        Account(id: 347_482_730, name: "Sunny Stays LLC"), Account(id: 347_311_458, name: "Harbor Houses"),
        Account(id: 347_655_120, name: "Pine & Peak Rentals"),
    ]

    /// What the app's settings at OwnerRez say.
    var redirectURI = "http://127.0.0.1:8080/oauth/ownerrez/callback"
    var policy = TokenPolicy.none
    /// How long a code lives, and under the policy Standard a token. A test may have them over at once.
    var codeSeconds = 600
    var tokenSeconds = 2_592_000
    /// The answer to a call without a User-Agent: documents and integrations have seen 403, and newer ones 401.
    var statusWithoutUserAgent = 403
    var codes: [String: Code] = [:]
    var tokens: [String: Token] = [:]
    /// Every code and token there ever was, for who looks for them where they must not be.
    var issued: [String] = []

    static let endpoints = [
        Endpoint("GET", "/oauth/authorize", .anyone) { state, request, _ in state.ownerRez.showPage(request) },
        Endpoint("POST", "/oauth/authorize", .anyone) { state, request, _ in state.ownerRez.decide(request) },
        Endpoint("POST", "/oauth/access_token", .anyone) { state, request, _ in state.ownerRez.issue(request) },
        Endpoint("DELETE", "/oauth/access_token/:token", .anyone) { state, request, token in
            state.ownerRez.revoke(token, request)
        },
        Endpoint("GET", "/v2/users/me", .anyone) { state, request, _ in state.ownerRez.me(request) },
    ]

    mutating func newSecret(_ prefix: String) -> String {
        let secret = SandboxState.newID(prefix) + SandboxState.newID("")
        issued.append(secret)
        return secret
    }
}

extension OwnerRezDouble {
    /// `GET /v2/users/me`
    func me(_ request: Request) -> Response {
        guard request.headers["User-Agent"]?.isEmpty == false else {
            let code = statusWithoutUserAgent == 401 ? "user_agent_required" : "forbidden"
            return Self.apiError(statusWithoutUserAgent, code, "A User-Agent is required")
        }
        let fields = request.headers.all("Authorization")
        guard fields.count == 1, fields[0].hasPrefix("Bearer "), let token = tokens[String(fields[0].dropFirst(7))],
            token.isAlive
        else { return Self.apiError(401, "unauthorized", "The token is not valid") }
        return .json(200, ["id": .integer(token.account.id), "name": .string(token.account.name)])
    }

    private static func apiError(_ status: Int, _ code: String, _ message: String) -> Response {
        .json(
            status,
            [
                "messages": [.string(message)], "code": .string(code), "doc_url": "https://api.ownerrez.com/help",
                "status": .string(code), "status_code": .integer(status),
            ])
    }
}
