/// A user-scoped token of Ownli's. It opens every user's record of the partner, so that it is never to be stored or
/// logged: it prints as `<redacted>`.
public struct UserToken: Sendable {
    let secret: String
    /// From when it was asked for.
    let lifetime: Duration

    /// - Parameter expiresIn: `expires_in` of the answer, in seconds. A token that is not valid for any time serves
    ///   those who wait for it, and is not kept.
    public init(secret: String, expiresIn: Int) {
        self.secret = secret
        lifetime = .seconds(expiresIn)
    }
}

extension UserToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
