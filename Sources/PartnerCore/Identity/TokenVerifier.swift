/// Believes a token of our issuer's, for us, in its time; nothing else.
struct TokenVerifier: Sendable {
    let issuer: String
    let audiences: [String]
    let keys: KeyCache
    var now: @Sendable () -> Timestamp = { .now() }

    /// Seconds by which the issuer's clock and ours may differ.
    static let skew = 60

    /// The claims of a token that is as it should be. Nothing is asked of the issuer for a text that is no token.
    func claims(of text: String, in invocation: Invocation) throws(FunctionError) -> JSON {
        let token = try refusing { () throws(TokenError) in try JSONWebToken(text) }
        var edition: KeyCache.Edition
        do throws(KeySourceError) { edition = try keys.current(in: invocation) } catch {
            throw .noKeys(error)
        }
        if !edition.keys.has(token) { edition = keys.newer(than: edition, in: invocation) }
        return try refusing { () throws(TokenError) in
            let key = try edition.keys.key(for: token)
            guard key.verifies(token.signature, of: token.signedText) else { throw .signatureWrong }
            guard let claims = try? JSON.parse(token.payload), case .object = claims else { throw .claimsNotJSON }
            try check(claims)
            return claims
        }
    }

    /// RFC 7519 section 4.1. Times are whole seconds.
    func check(_ claims: JSON) throws(TokenError) {
        guard claims["iss"]?.string == issuer else { throw .issuerWrong }
        let named = claims["aud"]?.array?.compactMap { $0.string } ?? [claims["aud"]?.string].compactMap { $0 }
        guard named.contains(where: { audiences.contains($0) }) else { throw .audienceWrong }
        let seconds = now().epochSeconds
        guard let expiry = claims["exp"]?.integer else { throw .expiryMissing }
        guard expiry > seconds - Self.skew else { throw .expired }
        guard isPast(claims["nbf"], at: seconds) else { throw .notYetValid }
        guard isPast(claims["iat"], at: seconds) else { throw .issuedInFuture }
        guard let subject = claims["sub"]?.string, !subject.isEmpty else { throw .subjectMissing }
    }

    private func isPast(_ claim: JSON?, at seconds: Int) -> Bool {
        guard let claim else { return true }
        return claim.integer.map { $0 <= seconds + Self.skew } ?? false
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
