import PartnerCore

/// What every call of the API below /v2/ has in common.
extension OwnerRezDouble {
    static let endpoints = oauthEndpoints + apiEndpoints

    private static let oauthEndpoints = [
        Endpoint("GET", "/oauth/authorize", .anyone) { state, request, _ in state.ownerRez.showPage(request) },
        Endpoint("POST", "/oauth/authorize", .anyone) { state, request, _ in state.ownerRez.decide(request) },
        Endpoint("POST", "/oauth/access_token", .anyone) { state, request, _ in state.ownerRez.issue(request) },
        Endpoint("DELETE", "/oauth/access_token/:token", .anyone) { state, request, token in
            state.ownerRez.revoke(token, request)
        },
    ]

    private static let apiEndpoints: [Endpoint] = {
        var endpoints = [
            api("GET", "users/me") { double, _, account, _ in
                .json(200, ["id": .integer(account.id), "name": .string(account.name)])
            },
            api("GET", "webhooksubscriptions/categories") { double, _, _, _ in
                double.listCategories()
            },
            api("GET", "webhooksubscriptions", hasQuery: true) { double, request, account, _ throws(OwnerRezAPIError) in
                try double.listSubscriptions(request, account)
            },
            api("POST", "webhooksubscriptions") { double, request, account, _ throws(OwnerRezAPIError) in
                try double.subscribe(request, account)
            },
            api("DELETE", "webhooksubscriptions/:id") { double, _, account, id throws(OwnerRezAPIError) in
                try double.unsubscribe(id, account)
            },
            api("GET", "listings", hasQuery: true) { double, request, account, _ throws(OwnerRezAPIError) in
                try double.listListings(request, account)
            },
        ]
        for kind in OwnerRezKind.allCases { endpoints += kindEndpoints(kind) }
        return endpoints
    }()

    private static func kindEndpoints(_ kind: OwnerRezKind) -> [Endpoint] {
        let read = [
            api("GET", kind.list, hasQuery: true) { double, request, account, _ throws(OwnerRezAPIError) in
                try double.list(kind, request, account)
            },
            api("GET", kind.list + "/:id") { double, _, account, id throws(OwnerRezAPIError) in
                try double.show(kind, id, account)
            },
        ]
        guard kind.isWritable else { return read }
        return read + [
            api("POST", kind.list) { double, request, account, _ throws(OwnerRezAPIError) in
                try double.add(kind, request, account)
            },
            api("PATCH", kind.list + "/:id") { double, request, account, id throws(OwnerRezAPIError) in
                try double.patch(kind, id, request, account)
            },
            api("DELETE", kind.list + "/:id") { double, _, account, id throws(OwnerRezAPIError) in
                try double.remove(kind, id, account)
            },
        ]
    }

    /// A call with an account's token.
    ///
    /// - Parameter hasQuery: whether it may come with one, which it then judges itself.
    private static func api(
        _ method: String, _ path: String, hasQuery: Bool = false,
        _ handle:
            @escaping @Sendable (inout OwnerRezDouble, Request, Account, String) throws(OwnerRezAPIError) -> Response
    ) -> Endpoint {
        Endpoint(method, "/v2/" + path, .anyone) { state, request, parameter in
            do throws(OwnerRezAPIError) {
                let account = try state.ownerRez.identified(request)
                guard hasQuery || request.query.isEmpty else { throw .invalid("There is no query to this") }
                guard request.body.isEmpty || ["POST", "PATCH"].contains(method) else {
                    throw .invalid("There is no body to this")
                }
                return try handle(&state.ownerRez, request, account, parameter)
            } catch {
                return error.response
            }
        }
    }

    private func identified(_ request: Request) throws(OwnerRezAPIError) -> Account {
        guard request.headers["User-Agent"]?.isEmpty == false else { throw .noUserAgent(statusWithoutUserAgent) }
        guard let account = account(of: request) else { throw .unauthorized }
        return account
    }

    /// Whose living token a call brings along.
    func account(of request: Request) -> Account? {
        let fields = request.headers.all("Authorization")
        guard fields.count == 1, fields[0].hasPrefix("Bearer "), let token = tokens[String(fields[0].dropFirst(7))],
            token.isAlive(at: now)
        else { return nil }
        return token.account
    }

    /// Counts a call of OwnerRez's API.
    ///
    /// - Returns: whether it may be answered.
    mutating func admits(_ request: Request, route: String?) -> Bool {
        guard request.path.hasPrefix("/v2/") || request.path.hasPrefix("/oauth/access_token") else { return true }
        if let account = account(of: request) { requests[account.id, default: [:]][route ?? "none", default: 0] += 1 }
        return rate.admits(at: now)
    }
}
