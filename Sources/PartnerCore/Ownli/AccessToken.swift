/// A token of Ownli's, for up to one hour.
public struct AccessToken: Sendable {
    public enum Scope: String, Sendable { case admin, user }

    public let secret: Secret
    let expires: Instant

    /// Tokens are replaced this long before they expire. (Ownli's guide: 5 minutes.)
    static let marginSeconds = 300

    /// Whole seconds until it expires.
    public var secondsLeft: Int { (expires.nanoseconds - Instant.now().nanoseconds) / 1_000_000_000 }

    /// A token whose whole life is shorter than the margin is good until half of it is over.
    var isFresh: Bool { secondsLeft > min(Self.marginSeconds, lifetimeSeconds / 2) }

    private let lifetimeSeconds: Int

    init(_ secret: Secret, lifetimeSeconds: Int) {
        self.secret = secret
        self.lifetimeSeconds = lifetimeSeconds
        expires = Instant(nanoseconds: Instant.now().nanoseconds + lifetimeSeconds * 1_000_000_000)
    }
}
