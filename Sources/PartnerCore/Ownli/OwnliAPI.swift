/// Ownli's API, as a partner's server calls it.
///
/// Calls that reach admin endpoints share one cached admin token, and those of one person's record one user token; on a 401
/// they ask once for a fresh one and try once more. All calls here may be repeated, and are, as `retrying` has it, but for
/// those that say otherwise.
public struct OwnliAPI: Sendable {
    let baseURL: BaseURL
    private let clientID: String
    private let clientSecret: SecretSource
    private let partnerID: String
    let http: HTTPClient
    private let adminTokens = TokenCache<OwnliError>()
    private let userTokens = TokenCache<OwnliError>()

    static let sandbox = "https://api.sandbox.ownli.app"

    public init(reading settings: inout SettingsReader) {
        baseURL = settings.baseURL("OWNLI_BASE_URL", default: Self.sandbox, "Ownli's API; sandbox or production")
        clientID = settings.text("OWNLI_CLIENT_ID", "of your Ownli account")
        clientSecret = settings.secretSource("OWNLI_CLIENT_SECRET", "of your Ownli account")
        partnerID = settings.text("OWNLI_PARTNER_ID", "of your Ownli account")
        http = HTTPClient(reading: &settings)
    }

    /// Ownli's own, as its last answer had it.
    var peerClock: PeerClock { http.peerClock }

    /// Whether rewards granted here cost money: everything but Ownli's sandbox and a double on this machine.
    public var isProduction: Bool { !baseURL.isLoopback && baseURL != BaseURL(Self.sandbox) }

    /// Asks for a token: `POST /api/auth/token`. When our secret is refused and there is a new one, it asks once more.
    public func mintToken(_ scope: AccessToken.Scope, in invocation: Invocation) throws(OwnliError) -> AccessToken {
        let secret = clientSecret.current
        do throws(OwnliError) { return try mintToken(scope, with: secret, in: invocation) } catch {
            guard case .credentialsRejected = error,
                let renewed = clientSecret.renewed(insteadOf: secret, in: invocation)
            else { throw error }
            return try mintToken(scope, with: renewed, in: invocation)
        }
    }

    private func mintToken(
        _ scope: AccessToken.Scope, with clientSecret: Secret, in invocation: Invocation
    ) throws(OwnliError) -> AccessToken {
        let body: JSON = [
            "clientId": .string(clientID), "clientSecret": .string(clientSecret.reveal()),
            "partnerId": .string(partnerID), "scope": .string(scope.rawValue),
        ]
        let request = HTTPRequest(
            name: "POST /api/auth/token", method: "POST", url: baseURL.text + "/api/auth/token",
            headers: ["Content-Type": "application/json"], body: body.text)
        let answer: JSON
        do throws(OwnliError) { answer = try send(request, in: invocation) } catch {
            switch error {
            case .tokenRejected: throw .credentialsRejected(status: 401)
            case .refused(status: 403, code: _): throw .credentialsRejected(status: 403)
            default: throw error
            }
        }
        return try AccessToken(answer: answer, scope: scope)
    }

    /// Calls an endpoint that wants the admin scope.
    ///
    /// - Parameters:
    ///   - mayBeSentTwice: whether a try may be sent again unseen, when a kept connection turns out to be dead.
    ///   - onFailure: is told of every try of this call that failed, and whose repetition may answer otherwise; nil when it
    ///     makes no difference.
    func callAsAdmin(
        _ method: String, _ path: String, query: String = "", body: JSON? = nil, with token: AccessToken? = nil,
        mayBeSentTwice: Bool = true, in invocation: Invocation, onFailure: ((OwnliError) -> Void)? = nil
    ) throws(OwnliError) -> JSON {
        func call(with token: AccessToken) throws(OwnliError) -> JSON {
            let request = request(
                "\(method) \(path)", method, path + query, body, with: token, mayBeSentTwice: mayBeSentTwice)
            return try send(request, in: invocation, onFailure: onFailure)
        }
        let token = if let token { token } else { try adminToken(in: invocation) }
        do throws(OwnliError) { return try call(with: token) } catch {
            guard error == .tokenRejected else { throw error }
            adminTokens.discard(token)
            return try call(with: adminToken(in: invocation))
        }
    }

    /// Reads with the user scope, which sees single records and no lists of people.
    ///
    /// - Parameters:
    ///   - name: what is logged of it; the path names a person.
    ///   - path: percent-encoded.
    func readAsUser(_ name: String, _ path: String, in invocation: Invocation) throws(OwnliError) -> JSON {
        func call(with token: AccessToken) throws(OwnliError) -> JSON {
            try send(request(name, "GET", path, nil, with: token), in: invocation)
        }
        let token = try token(.user, from: userTokens, in: invocation)
        do throws(OwnliError) { return try call(with: token) } catch {
            guard error == .tokenRejected else { throw error }
            userTokens.discard(token)
            return try call(with: self.token(.user, from: userTokens, in: invocation))
        }
    }

    /// Does with the user scope what may not be done twice: it is sent once, whatever comes back or does not. So its token
    /// is a fresh one, which no 401 is to be expected for.
    func sendOnceAsUser(
        _ name: String, _ method: String, _ path: String, in invocation: Invocation
    ) throws(OwnliError) -> JSON {
        let token = try mintToken(.user, in: invocation)
        return try answer(
            to: request(name, method, path, nil, with: token, mayBeSentTwice: false), in: invocation)
    }

    private func request(
        _ name: String, _ method: String, _ path: String, _ body: JSON?, with token: AccessToken,
        mayBeSentTwice: Bool = true
    ) -> HTTPRequest {
        var headers: Headers = ["Authorization": "Bearer \(token.secret.reveal())", "Accept": "application/json"]
        if body != nil { headers.add("Content-Type", "application/json") }
        return HTTPRequest(
            name: name, method: method, url: baseURL.text + path, headers: headers, body: body?.text ?? [],
            mayBeSentTwice: mayBeSentTwice)
    }

    /// The token to call admin endpoints with, cached or new.
    public func adminToken(in invocation: Invocation) throws(OwnliError) -> AccessToken {
        try token(.admin, from: adminTokens, in: invocation)
    }

    private func token(
        _ scope: AccessToken.Scope, from cache: TokenCache<OwnliError>, in invocation: Invocation
    ) throws(OwnliError) -> AccessToken {
        let (token, wasCached) = try cache.token(in: invocation) { () throws(OwnliError) in
            try mintToken(scope, in: invocation)
        }
        invocation.noteToken(wasCached: wasCached)
        return token
    }

    private func send(
        _ request: HTTPRequest, in invocation: Invocation, onFailure: ((OwnliError) -> Void)? = nil
    ) throws(OwnliError) -> JSON {
        try retrying(in: invocation) { () throws(OwnliError) in
            do throws(OwnliError) { return try answer(to: request, in: invocation) } catch {
                onFailure?(error)
                throw error
            }
        }
    }

    private func answer(to request: HTTPRequest, in invocation: Invocation) throws(OwnliError) -> JSON {
        let response: HTTPResponse
        do throws(HTTPError) { response = try http.send(request, in: invocation) } catch { throw .unreachable(error) }
        return try Self.answer(of: response)
    }

    /// The JSON of a success; the error of anything else. 401 comes without a body; a business code makes a 5xx final.
    private static func answer(of response: HTTPResponse) throws(OwnliError) -> JSON {
        let body = try? JSON.parse(response.body, duplicates: .lastWins)
        if response.status == 200 {
            guard let body else { throw .unexpectedAnswer("no JSON") }
            return body
        }
        let code = body?["error_code"]?.string.flatMap { OwnliError.KnownCode(exactly: $0) }
        switch response.status {
        case 401: throw .tokenRejected
        case 429: throw .busy(retryAfter: response.retryAfter)
        case 503 where code == nil: throw .busy(retryAfter: response.retryAfter)
        case 500... where code == nil: throw .failing(status: response.status)
        case 300..<400: throw .unexpectedAnswer("a redirect")
        case 400...: throw .refused(status: response.status, code: code)
        default: throw .unexpectedAnswer("status \(response.status)")
        }
    }
}

extension AccessToken {
    /// From the token endpoint's answer. An older copy of Ownli's documents shows no `scope` in it: an admin token, which
    /// never leaves us, may lack it; a user token is handed out, and must not be an admin's by mistake.
    init(answer: JSON, scope: Scope) throws(OwnliError) {
        guard let token = answer["access_token"]?.string, !token.isEmpty, token.isASCIIVisible else {
            throw .unexpectedAnswer("no access_token")
        }
        guard let lifetime = answer["expires_in"]?.integer, (1...31_536_000).contains(lifetime) else {
            throw .unexpectedAnswer("no expires_in")
        }
        let said = answer["scope"]?.present
        guard said?.string == scope.rawValue || (said == nil && scope == .admin) else {
            throw .unexpectedAnswer("another scope than was asked for")
        }
        self.init(Secret(token), lifetimeSeconds: lifetime)
    }
}
