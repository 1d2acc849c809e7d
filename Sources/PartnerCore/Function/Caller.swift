/// Who calls: an identity that somebody we trust has verified.
public enum Caller: Sendable, Equatable {
    /// A person, signed in to the app.
    case person(Person)
    /// A workload: an IAM principal's ARN, or a service account's e-mail address.
    case service(String)

    public struct Person: Sendable, Equatable {
        /// The claim `sub`: our own user's id. Never empty.
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

extension Caller.Person {
    /// From the claims of a verified token. Gateways hand on every claim as a string, so "true" is true.
    ///
    /// - Returns: nil without a `sub`.
    public init?(claims: JSON, subject: String? = nil) {
        guard let subject = subject ?? claims["sub"]?.string, !subject.isEmpty else { return nil }
        self.init(
            subject: subject,
            email: Self.contact(claims["email"], verified: claims["email_verified"]),
            phone: Self.contact(claims["phone_number"], verified: claims["phone_number_verified"]))
    }

    private static func contact(_ claim: JSON?, verified: JSON?) -> Caller.Contact? {
        guard let value = claim?.string, !value.isEmpty else { return nil }
        switch verified {
        case .bool(true), .string("true"): return Caller.Contact(value, isVerified: true)
        case nil: return Caller.Contact(value, isVerified: false)
        default: return nil
        }
    }
}
