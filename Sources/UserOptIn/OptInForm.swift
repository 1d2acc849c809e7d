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
        email = try Self.email(body)
        phone = try Self.phone(body)
        let address = body["address"] ?? .null
        guard let state = address["state"]?.string.flatMap(usState) else {
            throw .parameter("address.state", "the two letters of a US state or territory, like CA")
        }
        if let country = address["country"]?.present, country != "US" { throw .parameter("address.country", "US") }
        self.address = NewOwnliUser.Address(
            state: state,
            addressLine1: try Self.line(address, "addressLine1"), addressLine2: try Self.line(address, "addressLine2"),
            city: try Self.line(address, "city"), zip: try Self.line(address, "zip"))
    }

    /// The new user, with the contact data that the person's identity vouches for.
    func user(claimedBy person: Caller.Person, under policy: ContactPolicy) throws(FunctionError) -> NewOwnliUser {
        let email = try policy.settle("email", said: email, claim: person.email) { equalIgnoringASCIICase($0, $1) }
        let phone = try policy.settle("phone", said: phone, claim: Self.phone(of: person)) {
            $0.utf8.elementsEqual($1.utf8)
        }
        guard let phone else { throw .parameter("phone", "required, unless the identity has a phone_number") }
        return NewOwnliUser(
            firstName: firstName, lastName: lastName, phone: phone.value, isPhoneVerified: phone.isVerified,
            email: email?.value, isEmailVerified: email?.isVerified ?? false, address: address)
    }

    private static func name(_ body: JSON, _ field: String) throws(FunctionError) -> String {
        guard let name = body[field]?.string else { throw .parameter(field, "a name of 1 to 100 characters") }
        if let problem = problem(ofName: name) { throw .parameter(field, problem) }
        return name
    }

    private static func line(_ address: JSON, _ field: String) throws(FunctionError) -> String? {
        guard let value = address[field]?.present else { return nil }
        guard let line = value.string else { throw .parameter("address." + field, "a line of 1 to 200 characters") }
        if let problem = problem(ofLine: line) { throw .parameter("address." + field, problem) }
        return line
    }

    private static func email(_ body: JSON) throws(FunctionError) -> String? {
        guard let value = body["email"]?.present else { return nil }
        guard let email = value.string, isEmailAddress(email) else { throw .parameter("email", "an e-mail address") }
        return email
    }

    private static func phone(_ body: JSON) throws(FunctionError) -> String? {
        guard let value = body["phone"]?.present else { return nil }
        guard let phone = value.string.flatMap({ phoneNumber($0, isUSByDefault: true) }) else {
            throw .parameter("phone", "a number with its country, like +1 555 666 7777, or one of the US")
        }
        return phone
    }

    /// A number of the identity's has to say which country it is of: it can be proof of who somebody is.
    private static func phone(of person: Caller.Person) throws(FunctionError) -> Caller.Contact? {
        guard let claim = person.phone else { return nil }
        guard let phone = phoneNumber(claim.value, isUSByDefault: false) else {
            throw .parameter("phone", "your identity's phone_number needs its country, like +15556667777")
        }
        return Caller.Contact(phone, isVerified: claim.isVerified)
    }
}
