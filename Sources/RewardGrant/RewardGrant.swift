import PartnerCore

/// Grants rewards, for the company's own servers only: by direct invocation, EventBridge, SQS, Pub/Sub, or HTTP with a service's
/// identity.
@main
struct RewardGrant: Function {
    static let about = About(
        name: "reward-grant", summary: "grants rewards of Ownli's, for servers only", directInputHas: "clientReference")

    private let ownli: OwnliAPI
    private let store: RecordStore
    private let links: UserLinks
    private let guards: RewardGuards
    private let allowedCallers: AllowedCallers

    init(reading settings: inout SettingsReader) {
        ownli = OwnliAPI(reading: &settings)
        store = RecordStore(reading: &settings)
        links = UserLinks(store)
        guards = RewardGuards(reading: &settings)
        allowedCallers = AllowedCallers(reading: &settings)
        let isAgreed = settings.choice(
            "OWNLI_PRODUCTION_REWARDS", default: "no", [("no", false), ("agreed", true)],
            "agreed: the commercial agreement for rewards in production is signed")
        if ownli.isProduction && !isAgreed {
            settings.problem(
                "OWNLI_PRODUCTION_REWARDS",
                "OWNLI_BASE_URL is not the sandbox, so rewards cost money: set this to agreed once the agreement is")
        }
    }

    var routes: [Route] {
        [
            Route("POST", "/api/ownli/rewards/grant", for: .services, grant),
            Route("POST", "/pubsub/rewards", for: .services, grantPushed),
            Route("GET", "/api/ownli/rewards", for: .services, list),
        ]
    }

    var probes: [Probe] { [Probe("Ownli gives an admin token", ownli.checkAdminToken), store.probe] }

    func process(_ input: JSON, in invocation: Invocation) throws(FunctionError) -> JSON {
        let order = try RewardOrder(input, within: guards)
        let userID = try ownliUserID(of: order.user, in: invocation)
        let reward = try ownli.grant(
            RewardRequest(
                userID: userID, amount: order.amount, actionCode: order.actionCode,
                clientReference: order.clientReference),
            in: invocation)
        return reward.json
    }

    @Sendable private func grant(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        try allowedCallers.admit(request.caller)
        return try .json(200, process(request.jsonObject(), in: invocation))
    }

    /// Any answer but a 2xx makes Pub/Sub push the message again, until it goes to the dead letters.
    @Sendable private func grantPushed(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        try allowedCallers.admit(request.caller)
        let message = try PubSubMessage(push: request.jsonObject())
        invocation.note("messageId", .string(message.id))
        _ = try process(message.json(), in: invocation)
        return Response(status: 204)
    }

    @Sendable private func list(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        try allowedCallers.admit(request.caller)
        let query = try request.queryItems()
        let actionCode = try query.single("actionCode")
        if let actionCode { try RewardOrder.check(actionCode: actionCode) }
        let pageText = try query.single("page")
        guard let page = Int(pageText ?? "0"), (0...1_000_000).contains(page) else {
            throw .parameter("page", "a whole number from 0")
        }
        return try .json(200, ownli.rewards(actionCode: actionCode, page: page, in: invocation))
    }

    private func ownliUserID(
        of user: RewardOrder.User, in invocation: Invocation
    ) throws(FunctionError) -> String {
        switch user {
        case .ownli(let id): return id
        case .ours(let subject):
            let link = try storing { () throws(StoreError) in try links.link(subject: subject, in: invocation) }
            guard let link else {
                throw FunctionError(404, "NOT_LINKED", "This user has not opted in to Ownli")
            }
            return link.ownliUserID
        }
    }
}
