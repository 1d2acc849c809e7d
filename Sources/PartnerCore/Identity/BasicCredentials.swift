/// A user and a password that callers present with every request (HTTP Basic, RFC 7617), and the password before while a
/// new one is brought in.
public struct BasicCredentials: Sendable {
    private let user: String
    private let passwords: [SecretSource]
    private let shortest: Int
    /// The field that they come in.
    private let field: String
    private let refusal: FunctionError
    /// None on Lambda: there each request has an environment to itself, so that a pause would keep others out and cost
    /// money; its gateway limits the rate.
    private let pause: RefusalPause?

    /// Reads `NAME_USER`, `NAME_PASSWORD` and `NAME_PASSWORD_PREVIOUS`. Behind Google's API Gateway `Authorization` is the
    /// gateway's own, and the caller's has another name.
    ///
    /// - Parameters:
    ///   - realm: what the credentials are for, as a challenge tells it; without quotation marks.
    ///   - shortest: how many bytes a password has at least.
    public init(_ name: String, realm: String, shortest: Int, reading settings: inout SettingsReader) {
        user = settings.value(
            "\(name)_USER", default: nil, placeholder: "", expected: "a user's name without a colon",
            "whom the webhook's credentials name"
        ) { isUser($0) ? $0 : nil }
        let password = settings.secretSource("\(name)_PASSWORD", "what the webhook's credentials prove that by")
        let previous = settings.optionalSecretSource(
            "\(name)_PASSWORD_PREVIOUS", "is taken too, until the new password is set everywhere")
        passwords = [password] + (previous.map { [$0] } ?? [])
        self.shortest = shortest
        Self.check(password, "\(name)_PASSWORD", shortest, &settings)
        if let previous { Self.check(previous, "\(name)_PASSWORD_PREVIOUS", shortest, &settings) }
        field = settings.choice(
            "AUTH_GATEWAY_HEADER", default: "off",
            [("off", "Authorization"), ("x-apigateway-api-userinfo", "X-Forwarded-Authorization")],
            "set where only Google's API Gateway can reach this service")
        pause = settings.environment["AWS_LAMBDA_RUNTIME_API"] == nil ? RefusalPause() : nil
        refusal = FunctionError(
            401, "UNAUTHENTICATED", "The credentials are missing or wrong",
            challenge: "Basic realm=\"\(realm)\", charset=\"UTF-8\"")
    }

    /// Throws unless the request brings the credentials. Refusals are counted, as `WebhookRefused`.
    public func admit(_ request: Request, in invocation: Invocation) throws(FunctionError) {
        // Two fields are a contradiction; whoever would heed the other one is not to be fooled.
        let fields = request.headers.all(field)
        guard fields.count == 1, let given = Given(fields[0]), isRight(given, in: invocation) else {
            invocation.log.write(.warn, "credentials were refused", requestID: invocation.requestID)
            invocation.count("WebhookRefused")
            pause?.refused(in: invocation)
            throw refusal
        }
        pause?.admitted()
    }

    private func isRight(_ given: Given, in invocation: Invocation) -> Bool {
        let known = passwords.map { $0.current }
        guard !isRight(given, known) else { return true }
        // A password may have been replaced where it is kept since it was fetched.
        let renewed = zip(passwords, known).compactMap { $0.renewed(insteadOf: $1, in: invocation) }
            .filter { $0.reveal().utf8.count >= shortest }
        return isRight(given, renewed)
    }

    /// One that is missing has its problem already.
    private static func check(
        _ password: SecretSource, _ name: String, _ shortest: Int, _ settings: inout SettingsReader
    ) {
        guard (1..<shortest).contains(password.current.reveal().utf8.count) else { return }
        settings.problem(name, "can be guessed: at least \(shortest) characters are needed (openssl rand -hex 16)")
    }

    /// Compares all there is to compare, in a time that does not tell what was wrong.
    private func isRight(_ given: Given, _ passwords: [Secret]) -> Bool {
        let isUser = isSameSecret(given.user, user)
        let isPassword = passwords.map { isSameSecret(given.password, $0.reveal()) }
        return isUser && isPassword.contains(true)
    }
}

/// What an Authorization field holds.
private struct Given {
    let user: String
    let password: String

    /// Nil for any other scheme, and for what is not exactly base64 of `user:password`. A user's name has no colon, a
    /// password may (section 2).
    init?(_ field: String) {
        let space = UInt8(ascii: " ")
        let parts = field.utf8.split(separator: space, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, equalIgnoringASCIICase(String(decoding: parts[0], as: UTF8.self), "Basic"),
            let bytes = Base64.decode(String(decoding: parts[1].drop { $0 == space }, as: UTF8.self)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let user = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else { return nil }
        self.user = user
        self.password = password
    }
}

/// Neither a colon nor control characters (section 2).
private func isUser(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: ":") }
}
