/// Signs what is posted to a receiver of events, as Standard Webhooks 1.0.0 has it (standardwebhooks.com): HMAC-SHA-256
/// under a secret that the receiver has too, `v1,` and base64.
struct EventSigner: Sendable {
    private static let name = "EVENTS_SIGNING_SECRET"
    private static let purpose = "whsec_ and base64 of 24 to 64 bytes: signs what goes to an https:// target"
    private static let previousName = "EVENTS_SIGNING_SECRET_PREVIOUS"
    private static let previousPurpose = "signs too, until the receiver has the new secret"

    private let current: SecretSource
    private let previous: SecretSource?

    init(_ current: SecretSource, previous: SecretSource? = nil) {
        self.current = current
        self.previous = previous
    }

    /// Reads EVENTS_SIGNING_SECRET and EVENTS_SIGNING_SECRET_PREVIOUS.
    init(reading settings: inout SettingsReader) {
        current = settings.secretSource(Self.name, Self.purpose)
        previous = settings.optionalSecretSource(Self.previousName, Self.previousPurpose)
        Self.check(current, Self.name, &settings)
        if let previous { Self.check(previous, Self.previousName, &settings) }
    }

    /// They are required by one kind of target only.
    static func describe(in settings: inout SettingsReader) {
        _ = settings.optionalSecretSource(name, purpose + ", which needs it")
        _ = settings.optionalSecretSource(previousName, previousPurpose)
    }

    /// The secrets that sign by now, the current one first.
    var secrets: [Secret] { [current.current] + (previous.map { [$0.current] } ?? []) }

    /// Others than those that a receiver did not take, if there are others by now where they are kept.
    func renewed(insteadOf refused: [Secret], in invocation: Invocation) -> [Secret]? {
        var isAnyNew = false
        let secrets = zip([current] + (previous.map { [$0] } ?? []), refused).map { (source, refused) -> Secret in
            guard let secret = source.renewed(insteadOf: refused, in: invocation), Self.key(secret) != nil else {
                return refused
            }
            isAnyNew = true
            return secret
        }
        return isAnyNew ? secrets : nil
    }

    /// The three headers that a receiver verifies a body by; nil when none of the secrets is one any more.
    ///
    /// - Parameters:
    ///   - id: the same for each attempt at one event. Without a full stop, which divides what is signed.
    ///   - time: of this attempt: receivers refuse what is more than some minutes old.
    static func headers(id: String, at time: Timestamp, _ body: [UInt8], signedWith secrets: [Secret]) -> Headers? {
        let signed = Array("\(id).\(time.epochSeconds).".utf8) + body
        let signatures = secrets.compactMap { key($0) }.map { "v1," + Base64.encode(hmacSHA256(signed, key: $0)) }
        guard !signatures.isEmpty else { return nil }
        return [
            "webhook-id": id, "webhook-timestamp": "\(time.epochSeconds)",
            "webhook-signature": signatures.joined(separator: " "),
        ]
    }

    /// Nil for what is no secret of Standard Webhooks'.
    private static func key(_ secret: Secret) -> [UInt8]? {
        let text = secret.reveal()
        guard text.hasPrefix("whsec_"),
            let key = Base64.decode(String(decoding: text.utf8.dropFirst(6), as: UTF8.self)),
            (24...64).contains(key.count)
        else { return nil }
        return key
    }

    /// One that is missing has its problem already.
    private static func check(_ source: SecretSource, _ name: String, _ settings: inout SettingsReader) {
        guard key(source.current) == nil, !source.current.reveal().isEmpty else { return }
        settings.problem(name, "expected whsec_ and base64 of 24 to 64 bytes: echo whsec_$(openssl rand -base64 32)")
    }
}
