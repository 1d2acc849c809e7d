import PartnerCore

/// The body of an opt-in, validated field by field:
/// `{"firstName","lastName","email"?,"phone"?,"address":{"state",..},"consent":{"termsOfService":true,"privacyPolicy":true}}`.
struct OptInForm {
    private let firstName: String
    private let lastName: String
    private let email: String?
    private let phone: String?
    private let address: NewOwnliUser.Address

    init(_ body: JSON) throws(FunctionError) {
        // First of all: without it nothing else matters. Only `true` is a yes.
        guard body["consent"]?["termsOfService"]?.bool == true, body["consent"]?["privacyPolicy"]?.bool == true else {
            throw .invalid("CONSENT_REQUIRED", "Ownli's Terms of Service and Privacy Policy have to be accepted")
        }
        firstName = try Self.name(body, "firstName")
        lastName = try Self.name(body, "lastName")
        email = try Self.optional(body, "email", "an e-mail address", isEmailAddress)
        phone = try Self.optional(body, "phone", "in E.164: + and up to 15 digits", isE164)
        let address = body["address"] ?? .null
        guard let state = address["state"]?.string, isUSState(state) else {
            throw .parameter("address.state", "the two capital letters of a US state or territory")
        }
        if let country = address["country"]?.present, country != "US" { throw .parameter("address.country", "US") }
        self.address = NewOwnliUser.Address(
            state: state,
            addressLine1: try Self.optional(address, in: "address.", "addressLine1", "a line of text", isPlainText),
            addressLine2: try Self.optional(address, in: "address.", "addressLine2", "a line of text", isPlainText),
            city: try Self.optional(address, in: "address.", "city", "a line of text", isPlainText),
            zip: try Self.optional(address, in: "address.", "zip", "a line of text", isPlainText))
    }

    /// The new user, with the contact data that the person's identity vouches for.
    func user(claimedBy person: Caller.Person, under policy: ContactPolicy) throws(FunctionError) -> NewOwnliUser {
        let email = try policy.settle("email", said: email, claim: person.email) { equalIgnoringASCIICase($0, $1) }
        let phone = try policy.settle("phone", said: phone, claim: person.phone) { $0 == $1 }
        guard let phone else { throw .parameter("phone", "required, unless the identity has a phone_number") }
        // A claim is the issuer's word, not the format's.
        guard isE164(phone.value) else { throw .parameter("phone", "in E.164: + and up to 15 digits") }
        return NewOwnliUser(
            firstName: firstName, lastName: lastName, phone: phone.value, isPhoneVerified: phone.isVerified,
            email: email?.value, isEmailVerified: email?.isVerified ?? false, address: address)
    }

    private static func name(_ body: JSON, _ field: String) throws(FunctionError) -> String {
        guard let name = body[field]?.string, isPersonName(name) else {
            throw .parameter(field, "a name of 1 to 100 letters")
        }
        return name
    }

    private static func optional(
        _ object: JSON, in path: String = "", _ field: String, _ expected: String, _ isValid: (String) -> Bool
    ) throws(FunctionError) -> String? {
        guard let value = object[field]?.present else { return nil }
        guard let text = value.string, isValid(text) else { throw .parameter(path + field, expected) }
        return text
    }
}
