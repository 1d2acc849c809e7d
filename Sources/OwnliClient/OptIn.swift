/// What a user has entered and agreed to, on your screen, beside this sentence, word for word, with both documents
/// linked: "By continuing, you agree to Ownli's Terms of Service and Privacy Policy."
public struct OptIn: Sendable, Encodable {
    public var firstName: String
    public var lastName: String
    public var email: String?
    /// In E.164: `+15556667777`. It may be left out when your identities have it.
    public var phone: String?
    public var address: Address
    public var consent: Consent

    public struct Address: Sendable, Encodable {
        /// Two capital letters: `CA`.
        public var state: String
        public var addressLine1: String?
        public var addressLine2: String?
        public var city: String?
        public var zip: String?

        public init(
            state: String, addressLine1: String? = nil, addressLine2: String? = nil, city: String? = nil,
            zip: String? = nil
        ) {
            self.state = state
            self.addressLine1 = addressLine1
            self.addressLine2 = addressLine2
            self.city = city
            self.zip = zip
        }
    }

    /// Without both there is no opt-in.
    public struct Consent: Sendable, Encodable {
        public var termsOfService: Bool
        public var privacyPolicy: Bool

        public init(termsOfService: Bool, privacyPolicy: Bool) {
            self.termsOfService = termsOfService
            self.privacyPolicy = privacyPolicy
        }
    }

    public init(
        firstName: String, lastName: String, email: String? = nil, phone: String? = nil, address: Address,
        consent: Consent
    ) {
        self.firstName = firstName
        self.lastName = lastName
        self.email = email
        self.phone = phone
        self.address = address
        self.consent = consent
    }
}
