/// Who calls: an identity that somebody we trust has verified. What makes a person and what a service, for every way in
/// which a request comes, is a table in the article "Callers" of this module's documentation.
public enum Caller: Sendable, Equatable {
    /// A person, signed in to the app.
    case person(Person)
    /// A workload: an IAM principal's ARN, or a service account's e-mail address.
    case service(String)

    public struct Person: Sendable, Equatable {
        /// The claim that AUTH_SUBJECT_CLAIM names, `sub` by default: our own user's id. Never empty.
        public let subject: String
        /// `email`; nil when the issuer says outright that it is not verified.
        public let email: Contact?
        /// `phone_number`, as the issuer writes it; nil when the issuer says outright that it is not verified.
        public let phone: Contact?

        public init(subject: String, email: Contact? = nil, phone: Contact? = nil) {
            self.subject = subject
            self.email = email
            self.phone = phone
        }
    }

    /// A claim by which a person can be reached (OpenID Connect Core section 5.1).
    public struct Contact: Sendable, Equatable {
        public let value: String
        /// Whether `email_verified` or `phone_number_verified` is true, not only absent.
        public let isVerified: Bool

        public init(_ value: String, isVerified: Bool) {
            self.value = value
            self.isVerified = isVerified
        }
    }
}
