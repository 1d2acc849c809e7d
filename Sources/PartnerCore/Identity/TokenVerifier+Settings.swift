extension TokenVerifier {
    /// Where the keys come from, by the same settings.
    static func keySource(reading settings: inout SettingsReader) -> KeySource? {
        guard TokenVerifier(reading: &settings) != nil, let issuer = settings.environment["AUTH_ISSUER"] else {
            return nil
        }
        let address = settings.environment["AUTH_JWKS_URL"]
        return KeySource(
            place: address.map { .address($0) } ?? .discovery(issuer: issuer),
            http: HTTPClient(reading: &settings, largestAnswer: KeySource.largestAnswer))
    }

    /// Nil when AUTH_ISSUER is not set.
    init?(reading settings: inout SettingsReader) {
        let issuer = settings.optionalText("AUTH_ISSUER", "whose bearer tokens are verified here: iss, word for word")
        let audience = settings.optionalText(
            "AUTH_AUDIENCE", "whom tokens must be for: aud, one of these, comma-separated")
        let client = settings.optionalText(
            "AUTH_CLIENT_ID", "whose access tokens without aud are taken, as Cognito's are: client_id, comma-separated")
        let address = settings.optionalText(
            "AUTH_JWKS_URL", "the issuer's keys; by OpenID Connect discovery if not set")
        let staleHours = settings.staleHours()
        let http = HTTPClient(reading: &settings, largestAnswer: KeySource.largestAnswer)
        guard let issuer else {
            let staleHours = settings.environment["AUTH_KEYS_STALE_HOURS"]
            for (name, value) in [
                ("AUTH_AUDIENCE", audience), ("AUTH_CLIENT_ID", client), ("AUTH_JWKS_URL", address),
                ("AUTH_KEYS_STALE_HOURS", staleHours),
            ] where value != nil {
                settings.problem(name, "means nothing without AUTH_ISSUER")
            }
            return nil
        }
        let expected = "expected an https:// address (http:// for loopback only)"
        if let address, !KeySource.isAddress(address) { settings.problem("AUTH_JWKS_URL", expected) }
        // An issuer whose keys are named may call itself anything.
        if address == nil && BaseURL(issuer) == nil { settings.problem("AUTH_ISSUER", expected + " or AUTH_JWKS_URL") }
        if audience == nil && client == nil {
            settings.problem("AUTH_AUDIENCE", "is required with AUTH_ISSUER (or AUTH_CLIENT_ID)")
        }
        let audiences = settings.list("AUTH_AUDIENCE", audience)
        let clients = settings.list("AUTH_CLIENT_ID", client)
        let source = KeySource(place: address.map { .address($0) } ?? .discovery(issuer: issuer), http: http)
        self.init(
            issuer: ExactText(issuer), audiences: audiences, clients: clients,
            keys: KeyCache(staleHours: staleHours) { invocation throws(KeySourceError) in
                try source.fetch(in: invocation)
            })
    }
}

extension SettingsReader {
    fileprivate mutating func list(_ name: String, _ text: String?) -> [ExactText] {
        let list = (text ?? "").commaSeparated.filter { !$0.isEmpty }.map { ExactText($0) }
        if text != nil && list.isEmpty { problem(name, "lists nothing") }
        return list
    }

    fileprivate mutating func staleHours() -> Int {
        value(
            "AUTH_KEYS_STALE_HOURS", default: "24", placeholder: 0, expected: "whole hours, 0 to 168",
            "for how long beyond their hour the issuer's keys serve while it gives none"
        ) { text in
            guard text.utf8.allSatisfy({ $0.isASCIIDigit }), let hours = Int(text), hours <= 168 else { return nil }
            return hours
        }
    }
}
