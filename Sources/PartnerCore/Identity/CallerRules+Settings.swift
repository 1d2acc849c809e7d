extension CallerRules {
    /// Claims that name no person for good: several people may have one, or one person another tomorrow (OpenID Connect
    /// Core section 5.7), or all have the same.
    private static let noSubjects = [
        "email", "email_verified", "phone_number", "phone_number_verified", "phone", "name", "given_name",
        "family_name", "middle_name", "nickname", "preferred_username", "unique_name", "upn", "profile",
        "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "address", "iss",
        "aud", "azp", "azpacr", "client_id", "cid", "appid", "appidacr", "tid", "ver", "idp", "exp", "iat",
        "nbf", "jti", "origin_jti", "event_id", "sid", "nonce", "auth_time", "acr", "amr", "at_hash", "c_hash",
        "scope", "scp", "roles", "groups", "gty", "idtyp", "token_use", "integrationLatency",
    ]

    init(reading settings: inout SettingsReader) {
        subjectClaim = settings.value(
            "AUTH_SUBJECT_CLAIM", default: "sub", placeholder: "sub",
            expected: "the name of a claim that is one person's for good, unlike email, name or iss",
            "the claim, or the field of a Lambda authorizer's context, that names a person"
        ) { text in
            guard !text.isEmpty, text.utf8.allSatisfy({ $0.isASCIIVisible }) else { return nil }
            // An authorizer's own fields may be spelled in any case.
            return Self.noSubjects.contains { equalIgnoringASCIICase($0, text) } ? nil : text
        }
    }
}
