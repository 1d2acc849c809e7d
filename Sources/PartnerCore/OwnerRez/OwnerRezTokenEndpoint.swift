/// OwnerRez's token endpoint, where tokens are given for codes and refresh tokens, and where they end (OwnerRez's article
/// "OAuth Apps").
public struct OwnerRezTokenEndpoint: Sendable {
    let api: OwnerRezAPI
    private let clientSecret: SecretSource

    public init(reading settings: inout SettingsReader) {
        api = OwnerRezAPI(reading: &settings)
        clientSecret = settings.secretSource("OWNERREZ_CLIENT_SECRET", "of your OwnerRez app, as in s_..")
    }

    private var url: String { api.baseURL.text + "/oauth/access_token" }

    /// Asks for tokens, once: what is asked with works a single time, so a request whose answer was lost is not sent
    /// again.
    func ask(_ parameters: [(String, String)], in invocation: Invocation) throws(OwnerRezError) -> JSON {
        let response = try withClient(in: invocation) { (authorization) throws(OwnerRezError) in
            try api.send(
                HTTPRequest(
                    name: "POST /oauth/access_token", method: "POST", url: url,
                    headers: [
                        "Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded",
                        "Accept": "application/json",
                    ], body: Array(form(parameters).utf8), mayBeSentTwice: false),
                in: invocation)
        }
        guard response.status == 200 else { throw OwnerRezError(response) }
        guard let answer = try? JSON.parse(response.body, duplicates: .lastWins) else {
            throw .unexpectedAnswer("no JSON")
        }
        guard answer["error"]?.present == nil else { throw OwnerRezError(response) }
        return answer
    }

    /// Renews a pair (RFC 6749 section 6), which may rotate.
    ///
    /// - Returns: the new tokens, with the old refresh token if no other came.
    func refresh(_ refreshToken: Secret, in invocation: Invocation) throws(OwnerRezError) -> OwnerRezTokens {
        let answer = try ask(
            [("grant_type", "refresh_token"), ("refresh_token", refreshToken.reveal())], in: invocation)
        let tokens = try OwnerRezTokens(answer: answer, at: .now())
        return OwnerRezTokens(
            access: tokens.access, refresh: tokens.refresh ?? refreshToken, expires: tokens.expires)
    }

    /// Calls with our client id and secret. When they are refused nothing has happened yet, so that it may be tried once
    /// more with a secret that was replaced meanwhile.
    private func withClient(
        in invocation: Invocation, _ call: (_ authorization: String) throws(OwnerRezError) -> HTTPResponse
    ) throws(OwnerRezError) -> HTTPResponse {
        let secret = clientSecret.current
        let response = try call(authorization(secret))
        guard response.status == 401, let renewed = clientSecret.renewed(insteadOf: secret, in: invocation) else {
            return response
        }
        return try call(authorization(renewed))
    }

    /// HTTP Basic (RFC 6749 section 2.3.1: both are form-encoded first).
    private func authorization(_ secret: Secret) -> String {
        let pair = percentEncoded(api.clientID) + ":" + percentEncoded(secret.reveal())
        return "Basic " + Base64.encode(Array(pair.utf8))
    }
}

extension OwnerRezTokenEndpoint {
    /// Ends what a connection has. Only access tokens are documented to end this way; a refresh token is tried too, since
    /// nobody says that it ends with its other half.
    ///
    /// - Parameter kept: what stays in use, and may have a token in common.
    func revoke(
        _ tokens: OwnerRezTokens, except kept: OwnerRezTokens? = nil, in invocation: Invocation
    ) throws(OwnerRezError) {
        if tokens.access != kept?.access { try revoke(tokens.access, in: invocation) }
        guard let refresh = tokens.refresh, refresh != kept?.refresh else { return }
        do throws(OwnerRezError) { try revoke(refresh, in: invocation) } catch {
            guard case .refused = error else { throw error }
            invocation.log.write(
                .warn, "OwnerRez does not end a refresh token by itself: \(error.description)",
                requestID: invocation.requestID)
        }
    }

    /// For tokens that nobody will use: when they cannot be revoked, a person has to know.
    func revokeOrTell(_ tokens: OwnerRezTokens, except kept: OwnerRezTokens? = nil, in invocation: Invocation) {
        do throws(OwnerRezError) { try revoke(tokens, except: kept, in: invocation) } catch {
            invocation.count("TokensNotRevoked")
            invocation.log.write(
                .error, "a token of OwnerRez's that is of no use could not be revoked: \(error.description)",
                requestID: invocation.requestID)
        }
    }

    /// `DELETE /oauth/access_token/TOKEN`. One that is not alive any more is no error.
    private func revoke(_ token: Secret, in invocation: Invocation) throws(OwnerRezError) {
        let response = try retrying(in: invocation) { () throws(OwnerRezError) in
            try withClient(in: invocation) { (authorization) throws(OwnerRezError) in
                try api.send(
                    HTTPRequest(
                        name: "DELETE /oauth/access_token", method: "DELETE",
                        url: url + "/" + percentEncoded(token.reveal()),
                        headers: ["Authorization": authorization]),
                    in: invocation)
            }
        }
        guard (200..<300).contains(response.status) || response.status == 404 else { throw OwnerRezError(response) }
    }
}

/// `name=value&name=value`
package func form(_ parameters: [(String, String)], leading: String = "") -> String {
    leading + parameters.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
}

extension OwnerRezTokens {
    /// Everything but the access token is optional. (RFC 6749 section 5.1 asks for a `token_type`; it is not always
    /// there.)
    init(answer: JSON, at now: Timestamp) throws(OwnerRezError) {
        guard let access = answer["access_token"]?.string, Self.isToken(access) else {
            throw .unexpectedAnswer("no access_token")
        }
        self.access = Secret(access)
        refresh = answer["refresh_token"]?.string.flatMap { Self.isToken($0) ? Secret($0) : nil }
        let lifetime = answer["expires_in"]?.integer.flatMap { (1...315_360_000).contains($0) ? $0 : nil }
        expires = lifetime.map { Timestamp(epochSeconds: now.epochSeconds + $0) }
    }

    private static func isToken(_ text: String) -> Bool {
        (1...4096).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isASCIIVisible }
    }
}
