extension CallerRules {
    /// Claims that name no person for good: several people may have one, or one person another tomorrow (OpenID Connect
    /// Core section 5.7), or all have the same.
    private static let noSubjects: [ExactText] = [
        "email", "phone_number", "name", "given_name", "family_name", "nickname", "preferred_username", "iss", "aud",
        "azp", "client_id", "exp", "iat", "nbf", "jti", "scope", "token_use",
    ]

    init(reading settings: inout SettingsReader) {
        subjectClaim = settings.value(
            "AUTH_SUBJECT_CLAIM", default: "sub", placeholder: "sub",
            expected: "the name of a claim that is one person's for good, unlike email, name or iss",
            "the claim, or the field of a Lambda authorizer's context, that names a person"
        ) { text in
            guard !text.isEmpty, text.utf8.allSatisfy({ $0.isASCIIVisible }) else { return nil }
            return Self.noSubjects.contains(ExactText(text)) ? nil : text
        }
    }
}
