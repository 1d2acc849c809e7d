import PartnerCore

/// Connects the OwnerRez accounts of the app's users: OAuth from the first click to the disconnection. Tokens are sealed
/// before they are stored, and leave here for OwnerRez alone.
@main
struct OwnerRezConnect: Function {
    static let about = About(
        name: "ownerrez-connect", summary: "connects the app's signed-in users with their OwnerRez accounts")

    private let connector: OwnerRezConnector
    private let app: AppAddress

    init(reading settings: inout SettingsReader) {
        connector = OwnerRezConnector(reading: &settings)
        app = AppAddress(reading: &settings)
    }

    var routes: [Route] {
        [
            Route("POST", "/api/ownerrez/connections", for: .people, begin),
            Route("GET", "/oauth/ownerrez/callback", callback),
            Route("POST", "/api/ownerrez/connections/complete", for: .people, complete),
            Route("GET", "/api/ownerrez/connections", for: .people, list),
            Route("DELETE", "/api/ownerrez/connections/{id}", for: .people, disconnect),
        ]
    }

    var probes: [Probe] { connector.probes }

    var preparations: [Preparation] { connector.preparations }

    @Sendable private func begin(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        let returnPath = try ReturnPath(request.jsonObject()["return_to"])
        let (url, setCookie) = try connector.begin(
            subject: person.subject, returnPath: returnPath.text, in: invocation)
        var response = Response.json(
            201,
            [
                "authorization_url": .string(url), "expires_in": .integer(AuthorizationStates.lifetimeSeconds),
            ])
        response.headers.add("Set-Cookie", setCookie)
        return response
    }

    /// Where OwnerRez sends the browser. Whoever stands here has not signed in, as far as we can see: the state says
    /// whose flow it is, and the cookie that it began in this browser. Only then is anything used up.
    @Sendable private func callback(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        // A browser that looks ahead would use the code up before anybody has clicked.
        guard !request.isPrefetch else { return Response(status: 204, headers: ["Cache-Control": "no-store"]) }
        let pending: PendingAuthorization
        let answer: AuthorizationAnswer
        do throws(FunctionError) {
            answer = try AuthorizationAnswer(request.queryItems())
            pending = try use(answer, in: invocation) { $0.isBound(to: request) }
        } catch {
            invocation.report(error)
            return Page(for: error, app: app).response
        }
        let result: ConnectionResult
        do throws(FunctionError) {
            result = try settle(answer, of: pending, in: invocation).result
        } catch {
            invocation.report(error)
            result = .failed
        }
        return app.redirect(to: pending, result)
    }

    /// The same for native apps, whose redirect ends in the app: there the signed-in user binds the flow.
    @Sendable private func complete(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        let answer = try AuthorizationAnswer(request.jsonObject())
        let pending = try use(answer, in: invocation) { $0.subject.utf8.elementsEqual(person.subject.utf8) }
        let (result, connection) = try settle(answer, of: pending, in: invocation)
        var json: JSON = ["ownerrez": .string(result.rawValue)]
        json.add("connection", connection?.json)
        return .json(200, json)
    }

    @Sendable private func list(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        let check = try request.queryItems().single("check") ?? "false"
        guard ["true", "false"].contains(check) else { throw .parameter("check", "true or false") }
        var list: [JSON] = []
        for connection in try connector.connections(of: person.subject, in: invocation) {
            var json = connection.json
            if check == "true" {
                json.add("status", .string(try connector.standing(of: connection, in: invocation).rawValue))
            } else if connection.revokedAt != nil {
                json.add("status", .string(OwnerRezConnector.Standing.revoked.rawValue))
            }
            list.append(json)
        }
        return .json(200, ["connections": .array(list)])
    }

    @Sendable private func disconnect(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        guard let id = request.lastSegment.flatMap({ Int($0) }), id > 0,
            try connector.disconnect(account: id, subject: person.subject, in: invocation)
        else { throw FunctionError(404, "NOT_CONNECTED", "You have no such connection") }
        return Response(status: 204, headers: ["Cache-Control": "no-store"])
    }

    /// The flow that an answer belongs to, if it may be used here; its state is used up by that.
    private func use(
        _ answer: AuthorizationAnswer, in invocation: Invocation,
        _ mayBeUsed: (PendingAuthorization) -> Bool
    ) throws(FunctionError) -> PendingAuthorization {
        let states = connector.states
        let used = try storing { () throws(StoreError) -> PendingAuthorization? in
            guard let pending = try states.find(answer.state, in: invocation), mayBeUsed(pending),
                try states.consume(pending, in: invocation)
            else { return nil }
            return pending
        }
        guard let used else { throw .noSuchFlow }
        return used
    }

    private func settle(
        _ answer: AuthorizationAnswer, of pending: PendingAuthorization, in invocation: Invocation
    ) throws(FunctionError) -> (result: ConnectionResult, connection: Connection?) {
        switch answer.outcome {
        case .approved(let code): (.connected, try connector.connect(code: code, for: pending, in: invocation))
        case .denied: (.denied, nil)
        case .failed: (.failed, nil)
        }
    }
}

/// What became of a flow, as the app is told: `?ownerrez=connected`.
enum ConnectionResult: String { case connected, denied, failed }

extension Connection {
    /// Without its tokens.
    fileprivate var json: JSON {
        var json: JSON = ["id": .string("\(account.id)")]
        json.add("name", account.name.map { .string($0) })
        json.add("scope", account.scope.map { .string($0) })
        json.add("connectedAt", .string(connectedAt.rfc3339))
        return json
    }
}
