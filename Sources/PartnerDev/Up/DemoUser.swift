import PartnerCore

/// Somebody who can sign in to the demonstration's app: what an identity provider would have verified about them.
struct DemoUser: Sendable {
    let subject: String
    let firstName: String
    let lastName: String
    let email: String
    /// Nil: the provider has none, and the app asks for it.
    let phone: String?

    static let all = [
        DemoUser(
            subject: "user-42", firstName: "Ada", lastName: "Lovelace", email: "ada@example.com",
            phone: "+15556667777"),
        DemoUser(
            subject: "user-43", firstName: "Grace", lastName: "Hopper", email: "grace@example.com", phone: nil),
    ]

    /// As in a token of OpenID Connect (Core section 5.1).
    var claims: JSON {
        var claims: JSON = [
            "sub": .string(subject), "given_name": .string(firstName), "family_name": .string(lastName),
            "email": .string(email), "email_verified": .bool(true),
        ]
        if let phone {
            claims.add("phone_number", .string(phone))
            claims.add("phone_number_verified", .bool(true))
        }
        return claims
    }
}
