import PartnerCore

/// A double of OwnerRez: its authorize page, its token endpoint with its rules, its API, and what it tells by webhooks.
/// What it remembers is a value; the sending is `WebhookSender`'s.
struct OwnerRezDouble: Sendable {
    static let clientID = "c_sandbox"
    static let clientSecret = "s_sandbox"

    /// What an app's settings at OwnerRez say of its tokens.
    enum TokenPolicy: String, CaseIterable {
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
        /// As in the authorization request; the token request has to repeat it then.
        let redirectURI: String?
        let expires: Timestamp
    }

    struct Token: Sendable {
        let account: Account
        let refresh: String?
        let expires: Timestamp?

        func isAlive(at now: Timestamp) -> Bool { expires.map { $0 > now } ?? true }
    }

    /// Those that a person may choose.
    static let accounts = [
        Account(id: 347_482_730, name: "Sunny Stays LLC"), Account(id: 347_311_458, name: "Harbor Houses"),
        Account(id: 347_655_120, name: "Pine & Peak Rentals"),
    ]

    private let clock: @Sendable () -> Timestamp
    /// How far OwnerRez's clock is ahead of the others'.
    var clockOffsetSeconds = 0

    /// What the app's settings at OwnerRez say.
    var redirectURI = "http://127.0.0.1:8080/oauth/ownerrez/callback"
    var policy = TokenPolicy.none
    /// How long a code lives, and a token under the policy Standard. A test may let them expire at once.
    var codeSeconds = 600
    var tokenSeconds = 2_592_000
    /// The answer to a call without a User-Agent: documents and integrations have seen 403, and newer ones 401.
    var statusWithoutUserAgent = 403
    var codes: [String: Code] = [:]
    var tokens: [String: Token] = [:]
    /// Every code and token there ever was: tests search outputs for them.
    var issued: [String] = []

    // What OwnerRez has, and how it behaves where documents differ or say nothing.
    var records: [RecordsKey: [OwnerRezRecord]] = [:]
    var recordsSoFar = 0
    /// Everything that has happened.
    var changes: [OwnerRezChange] = []
    /// What is to happen once the next call of a route is answered.
    var later: [ChangeOrder] = []
    var subscriptions: [OwnerRezSubscription] = []
    var subscriptionsSoFar = 0
    var rate = OwnerRezRate()
    /// How many requests came with a valid token, by account and route.
    var requests: [Int: [String: Int]] = [:]
    var order = Order.id
    var timeForm = OwnerRezRecord.TimeForm.ticks
    var spelling = OwnerRezSubscription.Spelling.snake
    var hasAgreement = false
    var way = DeliveryWay.both
    /// Whether an event that is sent twice has another id each time.
    var hasOwnIDs = false
    /// Whether what should be told gets lost.
    var isLosing = false
    /// What is to be sent, and the addresses that are to be called again: the sender takes it.
    var outbox: [OutgoingWebhook] = []
    var revived: [String] = []

    init(clock: @escaping @Sendable () -> Timestamp) {
        self.clock = clock
        for account in Self.accounts { furnish(account.id) }
    }

    var now: Timestamp { clock().adding(seconds: clockOffsetSeconds) }

    /// Every account has something to rent out. Nobody is told of it.
    mutating func furnish(_ account: Int) {
        _ = create(account, .property, ["name": "Seaside Cottage", "active": true])
        changes.removeLast()
    }

    mutating func newSecret(_ prefix: String) -> String {
        let secret = SandboxState.newID(prefix) + SandboxState.newID("")
        issued.append(secret)
        return secret
    }
}
