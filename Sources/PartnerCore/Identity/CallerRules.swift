/// Who a verified identity is: a person, a service, or nobody. The one place that decides it, for all ways in which a
/// request comes; the article "Callers" has it as a table.
struct CallerRules: Sendable {
    /// The claim, or the field of a Lambda authorizer's context, that names a person (AUTH_SUBJECT_CLAIM). There is no
    /// other: a principal that an authorizer calls `user`, whoever it is, would make one person of all.
    var subjectClaim = "sub"

    /// Nil when an authorizer's context names nobody: it may have looked at an API key only.
    func caller(_ identity: GatewayIdentity) throws(TokenError) -> Caller? {
        switch identity {
        case .claims(let claims): return try caller(claims: claims)
        case .context(let fields): return try person(context: fields).map { .person($0) }
        case .principal(let arn): return .service(arn)
        }
    }

    /// From a token's verified claims. A service is what Google says is a service account: nobody else can sign as
    /// Google, and nobody has an e-mail address in that domain of Google's but a service account.
    func caller(claims: JSON) throws(TokenError) -> Caller {
        if isGoogle(claims), let account = serviceAccount(claims) {
            guard case .yes = Assertion(claims["email_verified"]) else { throw .serviceNotVerified }
            return .service(account)
        }
        try refuseWorkloads(claims)
        guard let subject = claims[subjectClaim]?.string, !subject.isEmpty else { throw .subjectMissing }
        try Self.check(subject)
        return .person(Caller.Person(subject: subject, claims: claims))
    }

    /// An authorizer's context may have any scalar, and a whole number is as good a subject as its digits. It may say who
    /// a person is, and never that somebody is a service: that takes IAM's word or Google's.
    private func person(context: JSON) throws(TokenError) -> Caller.Person? {
        let subject: String
        switch context[subjectClaim] {
        case .string(let text) where !text.isEmpty: subject = text
        case .integer(let number): subject = "\(number)"
        default: return nil
        }
        try Self.check(subject)
        try refuseWorkloads(context)
        return Caller.Person(subject: subject, claims: context)
    }

    /// OpenID Connect has 255 characters of ASCII (Core section 2). What is stored under it has to find its way back, and
    /// no store takes all that a text may hold.
    private static func check(_ subject: String) throws(TokenError) {
        let isFit =
            subject.utf8.count <= 256
            && subject.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
        guard isFit else { throw .subjectUnfit }
    }

    private func refuseWorkloads(_ claims: JSON) throws(TokenError) {
        // Google signs for people and for service accounts. Only the e-mail address tells them apart, which a token has
        // when it was asked for: without one, it may be a service account's.
        if isGoogle(claims) && (serviceAccount(claims) != nil || (claims["email"]?.string ?? "").isEmpty) {
            throw .personNotShown
        }
        if isWorkload(claims) { throw .workload }
    }
}

extension Caller.Person {
    fileprivate init(subject: String, claims: JSON) {
        self.init(
            subject: subject, email: Self.contact(claims["email"], isVerified: claims["email_verified"]),
            phone: Self.contact(claims["phone_number"], isVerified: claims["phone_number_verified"]))
    }

    /// What is said to be unverified is no contact. What is not said to be anything is one, and not verified.
    private static func contact(_ claim: JSON?, isVerified: JSON?) -> Caller.Contact? {
        guard let value = claim?.string, !value.isEmpty else { return nil }
        switch Assertion(isVerified) {
        case .yes: return Caller.Contact(value, isVerified: true)
        case .no: return nil
        case .unsaid: return Caller.Contact(value, isVerified: false)
        }
    }
}
