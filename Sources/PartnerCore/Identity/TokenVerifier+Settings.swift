extension TokenVerifier {
    /// Nil when AUTH_ISSUER is not set.
    init?(reading settings: inout SettingsReader) {
        let issuer = settings.optionalText("AUTH_ISSUER", "whose bearer tokens are verified here: iss, word for word")
        let audience = settings.optionalText(
            "AUTH_AUDIENCE", "whom tokens must be for: aud, one of these, comma-separated")
        let address = settings.optionalText(
            "AUTH_JWKS_URL", "the issuer's keys; by OpenID Connect discovery if not set")
        let http = HTTPClient(reading: &settings, largestAnswer: KeySource.largestAnswer)
        guard let issuer else {
            for (name, value) in [("AUTH_AUDIENCE", audience), ("AUTH_JWKS_URL", address)] where value != nil {
                settings.problem(name, "means nothing without AUTH_ISSUER")
            }
            return nil
        }
        let expected = "expected an https:// address (http:// for loopback only)"
        if let address, !KeySource.isAddress(address) { settings.problem("AUTH_JWKS_URL", expected) }
        // An issuer whose keys are named may call itself anything.
        if address == nil && BaseURL(issuer) == nil { settings.problem("AUTH_ISSUER", expected + " or AUTH_JWKS_URL") }
        let audiences = (audience ?? "").commaSeparated.filter { !$0.isEmpty }
        if audiences.isEmpty { settings.problem("AUTH_AUDIENCE", "is required with AUTH_ISSUER") }
        let source = KeySource(place: address.map { .address($0) } ?? .discovery(issuer: issuer), http: http)
        self.init(
            issuer: issuer, audiences: audiences,
            keys: KeyCache { invocation throws(KeySourceError) in try source.fetch(in: invocation) })
    }
}
