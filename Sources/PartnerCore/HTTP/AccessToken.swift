/// A bearer token, for up to one hour or so.
public struct AccessToken: Sendable {
    public let secret: Secret
    let expires: Instant

    /// Whole seconds until it expires.
    public var secondsLeft: Int { expires.nanoseconds(since: .now()) / 1_000_000_000 }

    /// A token whose whole life is shorter than the margin is good until half of it is over.
    public var isFresh: Bool { secondsLeft > max(0, min(marginSeconds, lifetimeSeconds / 2)) }

    private let lifetimeSeconds: Int
    private let marginSeconds: Int

    /// - Parameter marginSeconds: how long before it expires it is replaced. (Ownli's guide: 5 minutes.)
    init(_ secret: Secret, lifetimeSeconds: Int, marginSeconds: Int = 300) {
        self.secret = secret
        self.lifetimeSeconds = lifetimeSeconds
        self.marginSeconds = marginSeconds
        expires = Instant.now().adding(seconds: lifetimeSeconds)
    }
}
