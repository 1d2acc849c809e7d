/// OwnerRez's authorization code grant (RFC 6749 section 4.1; OwnerRez's article "OAuth Apps").
public struct OwnerRezOAuth: Sendable {
    let api: OwnerRezAPI
    public let redirectURI: String
    private let authorizeURL: BaseURL
    private let clientSecret: SecretSource

    public init(reading settings: inout SettingsReader) {
        api = OwnerRezAPI(reading: &settings)
        clientSecret = settings.secretSource("OWNERREZ_CLIENT_SECRET", "of your OwnerRez app, as in s_..")
        redirectURI = settings.value(
            "OWNERREZ_REDIRECT_URI", default: nil, placeholder: "",
            expected: "an address with https:// (http:// for loopback only), or with your app's own scheme, "
                + "without query and fragment",
            "where OwnerRez sends people back to, exactly as in the app's settings there"
        ) { Self.isRedirectURI($0) ? $0 : nil }
        authorizeURL = settings.baseURL(
            "OWNERREZ_AUTHORIZE_URL", default: "https://app.ownerrez.com/oauth/authorize",
            "where people approve the connection")
    }

    /// Where the person is sent (section 4.1.1).
    func authorizationURL(state: String) -> String {
        authorizeURL.text + "?response_type=code"
            + form([("client_id", api.clientID), ("redirect_uri", redirectURI), ("state", state)], leading: "&")
    }

    /// Exchanges a code (section 4.1.3), once: it works a single time, so a request whose answer was lost is not sent
    /// again. A token whose answer is of no use is revoked.
    func exchange(code: String, in invocation: Invocation) throws(OwnerRezError) -> OwnerRezGrant {
        let answer = try askForTokens(
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI)], in: invocation)
        let tokens = try OwnerRezTokens(answer: answer, at: .now())
        do throws(OwnerRezError) {
            return OwnerRezGrant(tokens: tokens, account: try OwnerRezAccount(answer: answer))
        } catch {
            revokeOrTell(tokens.access, in: invocation)
            throw error
        }
    }

    /// Renews a pair (section 6), which may rotate: once, like a code.
    ///
    /// - Returns: the new tokens, with the old refresh token if no other came.
    func refresh(_ refreshToken: Secret, in invocation: Invocation) throws(OwnerRezError) -> OwnerRezTokens {
        let answer = try askForTokens(
            [("grant_type", "refresh_token"), ("refresh_token", refreshToken.reveal())], in: invocation)
        let tokens = try OwnerRezTokens(answer: answer, at: .now())
        return OwnerRezTokens(
            access: tokens.access, refresh: tokens.refresh ?? refreshToken, expires: tokens.expires)
    }

    /// Ends a token's life: `DELETE /oauth/access_token/TOKEN`. One that is not alive any more is no error.
    func revoke(_ token: Secret, in invocation: Invocation) throws(OwnerRezError) {
        let response = try retrying(in: invocation) { () throws(OwnerRezError) in
            try withClient(in: invocation) { (authorization) throws(OwnerRezError) in
                try api.send(
                    HTTPRequest(
                        name: "DELETE /oauth/access_token", method: "DELETE",
                        url: tokenURL + "/" + percentEncoded(token.reveal()),
                        headers: ["Authorization": authorization]),
                    in: invocation)
            }
        }
        guard (200..<300).contains(response.status) || response.status == 404 else { throw OwnerRezError(response) }
    }

    /// For a token that nobody will use: when it cannot be revoked, a person has to know.
    func revokeOrTell(_ token: Secret, in invocation: Invocation) {
        do throws(OwnerRezError) { try revoke(token, in: invocation) } catch {
            invocation.count("TokensNotRevoked")
            invocation.log.write(
                .error, "a token of OwnerRez's that is of no use could not be revoked: \(error.description)",
                requestID: invocation.requestID)
        }
    }

    private var tokenURL: String { api.baseURL.text + "/oauth/access_token" }

    private func askForTokens(
        _ parameters: [(String, String)], in invocation: Invocation
    ) throws(OwnerRezError) -> JSON {
        let response = try withClient(in: invocation) { (authorization) throws(OwnerRezError) in
            try api.send(
                HTTPRequest(
                    name: "POST /oauth/access_token", method: "POST", url: tokenURL,
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

    private static func isRedirectURI(_ text: String) -> Bool {
        guard
            text.utf8.allSatisfy({ $0.isASCIIVisible && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "?") }),
            let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        let scheme = text.utf8[..<colon]
        if scheme.elementsEqual("https".utf8) || scheme.elementsEqual("http".utf8) { return BaseURL(text) != nil }
        // RFC 8252 section 7.1: an app's own scheme is a domain name in reverse, so it has a dot.
        return scheme.contains(UInt8(ascii: "."))
            && scheme.allSatisfy { $0.isASCIIAlphanumeric || "+-.".utf8.contains($0) }
    }
}

/// `name=value&name=value`
private func form(_ parameters: [(String, String)], leading: String = "") -> String {
    leading + parameters.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
}

extension OwnerRezTokens {
    /// Everything but the access token is optional. (RFC 6749 section 5.1 asks for a `token_type`; it is not always
    /// there.)
    fileprivate init(answer: JSON, at now: Timestamp) throws(OwnerRezError) {
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

extension OwnerRezAccount {
    fileprivate init(answer: JSON) throws(OwnerRezError) {
        if let type = answer["token_type"]?.present {
            guard let type = type.string, equalIgnoringASCIICase(type, "bearer") else {
                throw .unexpectedAnswer("another token_type than bearer")
            }
        }
        guard let id = answer["user_id"]?.integer, id > 0 else { throw .unexpectedAnswer("no user_id") }
        self.init(
            id: id, name: answer["user_display_name"]?.string.flatMap { $0.utf8.count <= 256 ? $0 : nil },
            scope: answer["scope"]?.string.flatMap { $0.utf8.count <= 256 ? $0 : nil })
    }
}
