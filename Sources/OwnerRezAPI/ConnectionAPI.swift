import PartnerCore

/// Calls OwnerRez's API with the tokens of those who have connected their accounts, for the company's own servers only: by
/// direct invocation, or over HTTP with a service's identity. And looks after those connections, by a schedule.
@main
struct ConnectionAPI: Function {
    static let about = About(
        name: "ownerrez-api", summary: "calls OwnerRez's API with the tokens of connected accounts, for servers only",
        directInputHas: ["connection", "subject", "upkeep"])

    private let store: RecordStore
    private let connections: Connections
    private let api: ConnectedAPI
    private let upkeep: OwnerRezUpkeep
    private let methods: AllowedMethods
    private let allowedCallers: AllowedCallers
    private let schedules: AllowedCallers

    init(reading settings: inout SettingsReader) {
        store = RecordStore(reading: &settings)
        connections = Connections(store, TokenSealer(reading: &settings))
        let tokens = ConnectionTokens(store, connections, OwnerRezTokenEndpoint(reading: &settings))
        api = ConnectedAPI(store, tokens, RateBudget(store, reading: &settings))
        upkeep = OwnerRezUpkeep(reading: &settings, store, tokens, api)
        methods = AllowedMethods(reading: &settings)
        allowedCallers = AllowedCallers("OWNERREZ_ALLOWED_CALLERS", to: "call OwnerRez's API", reading: &settings)
        schedules = AllowedCallers(
            "OWNERREZ_SCHEDULE_CALLERS", to: "have scheduled work of OwnerRez's done", reading: &settings)
    }

    private static let root = "/api/ownerrez/connections/"

    var routes: [Route] {
        let large = ConnectedAPI.largestBody
        let all = [
            Route("GET", "/api/ownerrez/connections/{id}/v2/{path+}", for: .services, call),
            Route("POST", "/api/ownerrez/connections/{id}/v2/{path+}", for: .services, takes: large, call),
            Route("PATCH", "/api/ownerrez/connections/{id}/v2/{path+}", for: .services, takes: large, call),
            Route("PUT", "/api/ownerrez/connections/{id}/v2/{path+}", for: .services, takes: large, call),
            Route("DELETE", "/api/ownerrez/connections/{id}/v2/{path+}", for: .services, takes: large, call),
        ]
        return all.filter { methods.all.contains($0.method) }
            + [Route("POST", "/api/ownerrez/upkeep", for: .services, lookAfter)]
    }

    var probes: [Probe] { [store.probe] }

    var preparations: [Preparation] { store.preparations }

    @Sendable private func call(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        _ = try allowedCallers.admit(request.caller)
        let path = request.path.utf8.dropFirst(Self.root.utf8.count)
            .split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        let target = try APITarget(below: path[2], query: request.query)
        guard let account = accountID(path[0]) else { throw APICallError.notConnected.functionError }
        if !request.body.isEmpty { _ = try request.json(as: .anyJSON) }
        let answer = try call(
            request.method, target, body: request.body.isEmpty ? nil : request.text, account: account, of: nil,
            in: invocation)
        return answer.response(below: "\(Self.root)\(account)")
    }

    /// By a schedule that calls over HTTP.
    @Sendable private func lookAfter(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        _ = try schedules.admit(request.caller)
        return try .json(200, upkeep.process(["upkeep": true], in: invocation))
    }

    /// Upkeep, in whatever way a schedule asks for it. Calls by direct invocation only: nobody would get the answer to
    /// a message of a queue.
    func process(_ input: JSON, from origin: Origin, in invocation: Invocation) throws(FunctionError) -> JSON {
        guard input["upkeep"] == nil else { return try upkeep.process(input, in: invocation) }
        guard origin.way == .direct else {
            throw .invalid("INVALID_EVENT", "\(Self.about.name) takes direct invocations and HTTP requests only")
        }
        let order = try APIOrder(input, methods: methods)
        let (account, subject) = try connection(order.whose, in: invocation)
        return try call(
            order.method, order.target, body: order.body, account: account, of: subject, in: invocation
        ).json
    }

    private func connection(
        _ whose: APIOrder.Whose, in invocation: Invocation
    ) throws(FunctionError) -> (account: Int, subject: String?) {
        switch whose {
        case .account(let account): return (account, nil)
        case .only(let subject):
            let all = try storing { () throws(StoreError) in
                try connections.all(subject: subject, in: invocation)
            }
            guard let first = all.first else { throw APICallError.notConnected.functionError }
            guard all.count == 1 else {
                throw FunctionError(
                    409, "CONNECTION_AMBIGUOUS", "This user has \(all.count) connections: say which, by its id")
            }
            return (first.account.id, subject)
        }
    }

    private func call(
        _ method: String, _ target: APITarget, body: [UInt8]?, account: Int, of subject: String?,
        in invocation: Invocation
    ) throws(FunctionError) -> APIAnswer {
        // What OwnerRez does once for each request is sent once. (RFC 9110 section 9.2.2)
        let request = APIRequest(
            method: method, path: target.path, query: target.query, body: body,
            mayBeSentTwice: !["POST", "PATCH"].contains(method))
        let response: HTTPResponse
        do throws(APICallError) {
            response = try api.call(request, account: account, of: subject, as: .call, in: invocation)
        } catch {
            guard error != .upstream(.unreachable(.answerTooLarge)) else { throw answerTooLarge }
            throw error.functionError
        }
        return try APIAnswer(response, of: api.baseURL)
    }

    /// An answer that fits may be larger in the form in which it goes out.
    var answerTooLarge: FunctionError {
        FunctionError(
            502, "ANSWER_TOO_LARGE", "OwnerRez's answer is larger than 6 MB: ask for fewer rows at a time, with limit=",
            isTransient: false)
    }
}
