import CSystem

/// Believes a token of our issuer's, for us, in its time; nothing else.
struct TokenVerifier: Sendable {
    let issuer: ExactText
    let audiences: [ExactText]
    /// Whose access tokens are for us although they name no audience, as Cognito's do not.
    let clients: [ExactText]
    let keys: KeyCache
    var now: @Sendable () -> Timestamp = { .now() }

    /// Seconds by which the issuer's clock and ours may differ.
    static let skew = 60

    /// The claims of a token that is as it should be. The issuer is not asked about a text that is no token. Somebody
    /// waits for newer keys only if no key verifies the token, and the token names none of them.
    func claims(of text: String, in invocation: Invocation) throws(FunctionError) -> JSON {
        let token = try refusing { () throws(TokenError) in try JSONWebToken(text) }
        let edition: KeyCache.Edition
        do throws(KeySourceError) { edition = try keys.current(in: invocation) } catch {
            throw .noKeys(error)
        }
        var verdict = edition.keys.verdict(on: token)
        if case .unknown = verdict {
            let newer = keys.newer(than: edition, in: invocation)
            if newer.number != edition.number { verdict = newer.keys.verdict(on: token) }
        }
        return try refusing { () throws(TokenError) in
            switch verdict {
            case .verified: break
            case .refused(let reason), .unknown(let reason): throw reason
            }
            guard let claims = try? JSON.parse(token.payload), case .object = claims else { throw .claimsNotJSON }
            try check(claims)
            return claims
        }
    }

    /// RFC 7519 section 4.1. Times are seconds, with a fraction or without.
    func check(_ claims: JSON) throws(TokenError) {
        guard claims["iss"]?.exact == issuer else { throw .issuerWrong }
        guard isForUs(claims) else { throw .audienceWrong }
        let seconds = now().epochSeconds
        guard let expiry = claims["exp"]?.numericDate else { throw .expiryMissing }
        guard expiry > Double(seconds - Self.skew) else { throw .expired }
        guard isPast(claims["nbf"], at: seconds) else { throw .notYetValid }
        guard isPast(claims["iat"], at: seconds) else { throw .issuedInFuture }
    }

    /// An access token of Cognito's names its client instead (Amazon Cognito, the access token's claims).
    private func isForUs(_ claims: JSON) -> Bool {
        switch claims["aud"] {
        case nil:
            guard claims["token_use"]?.exact == "access", let client = claims["client_id"]?.exact else { return false }
            return clients.contains(client)
        case .string(let audience): return audiences.contains(ExactText(audience))
        case .array(let several): return several.contains { $0.exact.map { audiences.contains($0) } ?? false }
        default: return false
        }
    }

    private func isPast(_ claim: JSON?, at seconds: Int) -> Bool {
        guard let claim else { return true }
        return claim.numericDate.map { $0 <= Double(seconds + Self.skew) } ?? false
    }
}

extension JSON {
    /// Seconds since 1970 (RFC 7519 section 2). Never used but to compare: it may be beyond all reason.
    fileprivate var numericDate: Double? {
        switch self {
        case .integer(let seconds): Double(seconds)
        case .number(let seconds): strtod(seconds.text, nil)
        default: nil
        }
    }
}

/// What the caller gets to see of it.
func refusing<Result>(_ body: () throws(TokenError) -> Result) throws(FunctionError) -> Result {
    do throws(TokenError) { return try body() } catch { throw .tokenRefused(error) }
}

extension FunctionError {
    static func noKeys(_ reason: KeySourceError) -> FunctionError {
        FunctionError(
            503, "IDENTITY_UNAVAILABLE", "Who calls cannot be verified at the moment", retryAfter: 5,
            detail: reason.description)
    }
}
