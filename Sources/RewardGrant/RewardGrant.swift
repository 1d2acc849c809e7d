import PartnerCore

/// Grants rewards, for the company's own servers only: by direct invocation, EventBridge, SQS, Pub/Sub, or HTTP with a service's
/// identity.
@main
struct RewardGrant: Function {
    static let about = About(
        name: "reward-grant", summary: "grants rewards of Ownli's, for servers only",
        directInputHas: RewardOrder.members)

    let ownli: OwnliAPI
    let ledger: RewardLedger
    private let store: RecordStore
    private let links: UserLinks
    private let guards: RewardGuards
    private let allowedCallers: AllowedCallers
    private let queue: QueueVisibility?

    init(reading settings: inout SettingsReader) {
        ownli = OwnliAPI(reading: &settings)
        store = RecordStore(reading: &settings)
        links = UserLinks(store)
        let limits = RewardLimits(reading: &settings)
        ledger = RewardLedger(store, limits: limits, keptFor: RewardEntry.retention(reading: &settings))
        queue = QueueVisibility(reading: &settings)
        guards = RewardGuards(reading: &settings, limits: limits)
        allowedCallers = AllowedCallers("REWARD_ALLOWED_CALLERS", to: "grant or list rewards", reading: &settings)
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
            Route("GET", "/api/ownli/rewards/audit", for: .services, audit),
        ]
    }

    var probes: [Probe] { [Probe("Ownli gives an admin token", ownli.checkAdminToken), store.probe] }

    var preparations: [Preparation] { [ownli.prepareAdminToken] + store.preparations }

    func process(
        _ input: JSON, from origin: Origin, in invocation: Invocation
    ) throws(FunctionError) -> JSON {
        let order = try RewardOrder(input)
        try guards.check(order)
        return try grantOnce(order.request(by: links, in: invocation), from: origin, in: invocation).json
    }

    func postpone(_ message: Message, seconds: Int, in invocation: Invocation) {
        queue?.hide(message, seconds: seconds, in: invocation)
    }

    @Sendable private func grant(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let caller = try allowedCallers.admit(request.caller)
        let (order, id) = try request.message(as: .json, for: Self.about)
        return try .json(
            200, process(order, from: Origin(.http, name: caller, id: id ?? invocation.requestID), in: invocation))
    }

    /// Wrapped, unwrapped, or as a CloudEvent. Any answer but a 2xx makes Pub/Sub push the message again, until it goes to
    /// the dead letters.
    @Sendable private func grantPushed(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let caller = try allowedCallers.admit(request.caller)
        let (order, id) = try request.message(as: .anything, for: Self.about)
        if let id { invocation.note("messageId", .string(id)) }
        _ = try process(
            order, from: Origin(.pubSub, name: caller, id: id ?? invocation.requestID), in: invocation)
        return Response(status: 204)
    }

    @Sendable private func list(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        _ = try allowedCallers.admit(request.caller)
        let query = try request.queryItems()
        let actionCode = try query.single("actionCode")
        if let actionCode { try RewardOrder.check(actionCode: actionCode) }
        let pageText = try query.single("page")
        guard let page = Int(pageText ?? "0"), (0...1_000_000).contains(page) else {
            throw .parameter("page", "a whole number from 0")
        }
        return try .json(200, ownli.rewards(actionCode: actionCode, page: page, in: invocation))
    }

    @Sendable private func audit(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        _ = try allowedCallers.admit(request.caller)
        let question = try AuditQuestion(request.queryItems())
        return try .json(200, question.answer(from: RewardAudit(store), in: invocation))
    }
}
