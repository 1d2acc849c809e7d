import PartnerCore

struct Token: Sendable {
    enum Scope: String { case admin, user }

    let scope: Scope
    let expires: Deadline
}

extension SandboxState {
    /// `POST /api/auth/token`
    mutating func issueToken(_ request: Request) throws(SandboxError) -> Response {
        let parameters = try Parameters(body: request, allowed: ["clientId", "clientSecret", "partnerId", "scope"])
        let credentials = [
            try parameters.text("clientId"), try parameters.text("clientSecret"), try parameters.text("partnerId"),
        ]
        guard let scope = Token.Scope(rawValue: try parameters.text("scope")) else {
            throw .invalid("scope must be admin or user")
        }
        guard credentials == [Sandbox.clientID, Sandbox.clientSecret, Sandbox.partnerID] else {
            throw .unauthenticated
        }
        // It begins as a JSON Web Token does, but nobody is meant to look into it.
        let text = Self.newID("eyJhbGciOiJub25lIn0.") + Self.newID("")
        tokens[text] = Token(scope: scope, expires: .after(seconds: tokenLifetime))
        return .json(
            200,
            [
                "access_token": .string(text), "token_type": "Bearer", "expires_in": .integer(tokenLifetime),
                "partner_id": .string(Sandbox.partnerID), "scope": .string(scope.rawValue),
            ])
    }

    func authorize(_ request: Request, for access: Endpoint.Access) throws(SandboxError) {
        // Deprecated by Ownli, and never to be sent.
        for name in ["partnerId", "clientId", "clientSecret"] where request.headers[name] != nil {
            throw .unauthenticated
        }
        guard access != .anyone else { return }
        guard let scope = bearerScope(request) else { throw .unauthenticated }
        guard access == .anyToken || scope == .admin else { throw .insufficientScope }
    }

    /// The scope of a token that came along and is valid.
    func bearerScope(_ request: Request) -> Token.Scope? {
        let fields = request.headers.all("Authorization")
        guard fields.count == 1, fields[0].hasPrefix("Bearer "), let token = tokens[String(fields[0].dropFirst(7))],
            token.expires.remainingMilliseconds > 0
        else { return nil }
        return token.scope
    }
}
