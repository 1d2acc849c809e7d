/// What requests to AWS are signed with.
struct AWSKeys: Sendable, Equatable {
    let accessKeyID: Secret
    let secretAccessKey: Secret
    /// Temporary credentials have one.
    let sessionToken: Secret?
    private let renewal: Instant?

    /// They are asked for anew this long before they expire.
    private static let marginSeconds = 300

    init(accessKeyID: Secret, secretAccessKey: Secret, sessionToken: Secret?) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        renewal = nil
    }

    /// From what came over the wire. Nil where it could not go into a header, or has expired already.
    init?(accessKeyID: String?, secretAccessKey: String?, sessionToken: String?, expiration: String?, at now: Timestamp)
    {
        guard let accessKeyID, let secretAccessKey, let sessionToken,
            let expires = expiration.flatMap({ Timestamp(rfc3339: $0) }), expires > now,
            [accessKeyID, secretAccessKey, sessionToken].allSatisfy({ Self.isHeaderText($0) })
        else { return nil }
        self.accessKeyID = Secret(accessKeyID)
        self.secretAccessKey = Secret(secretAccessKey)
        self.sessionToken = Secret(sessionToken)
        let seconds = expires.milliseconds(since: now) / 1000
        // Those that live for less than twice as long are good for half their life.
        renewal = Instant.now().adding(seconds: max(seconds.saturatingSubtracting(Self.marginSeconds), seconds / 2))
    }

    /// They go into headers, where a line break would begin another one.
    static func isHeaderText(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { $0.isASCIIVisible } }
}

extension AWSKeys: Expiring {
    var secret: Secret { secretAccessKey }
    var isFresh: Bool { renewal.map { $0 > .now() } ?? true }
}
