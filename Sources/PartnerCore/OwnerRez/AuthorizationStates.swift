/// A connection that a user of ours has begun, and that OwnerRez has not answered yet.
public struct PendingAuthorization: Sendable, Equatable {
    /// Our user's id: the claim `sub`.
    public let subject: String
    /// Where in the app the person goes on: a path, `/settings`.
    public let returnPath: String
    fileprivate let key: RecordKey
    /// SHA-256 of what the browser was given, in hexadecimal.
    fileprivate let binding: String

    /// Whether this is the browser in which the flow began: it brings the flow's cookie, whatever else is in the jar.
    /// Without that a person could be made to finish a flow of somebody else's (RFC 9700 section 4.7).
    public func isBound(to request: Request) -> Bool {
        let cookie = AuthorizationStates.cookieName(key)
        return request.cookies(named: cookie).contains { isSameSecret(digest($0), binding) }
    }
}

/// States of the authorization code grant (RFC 6749 section 10.12): 256 random bits, good once, for ten minutes. The
/// store holds hashes alone, so that whoever reads it cannot finish what others have begun.
public struct AuthorizationStates: Sendable {
    public static let lifetimeSeconds = 600

    private let store: RecordStore
    /// Whose states these are: another app or environment may use the same store.
    private let owner: String
    private let now: @Sendable () -> Timestamp

    init(_ store: RecordStore, of oauth: OwnerRezOAuth, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.store = store
        owner = "ownerrez " + oauth.endpoint.api.clientID + " " + oauth.redirectURI
        self.now = now
    }

    /// Begins a flow.
    ///
    /// - Returns: the state, and the header that gives the browser its cookie.
    func begin(
        subject: String, returnPath: String, in invocation: Invocation
    ) throws(StoreError) -> (state: String, setCookie: String) {
        let state = Base64.encodeURL(randomBytes(32))
        let binding = Base64.encodeURL(randomBytes(32))
        let key = Self.key(state)
        try store.put(
            key, ["subject": subject, "returnPath": returnPath, "owner": owner, "binding": digest(binding)],
            expires: Timestamp(epochMilliseconds: now().epochMilliseconds + Self.lifetimeSeconds * 1000),
            if: .ifAbsent, in: invocation)
        return (state, Self.setCookie(key, binding, seconds: Self.lifetimeSeconds))
    }

    /// Looks a state up. It stays good: links are opened by more than those who clicked them.
    public func find(_ state: String, in invocation: Invocation) throws(StoreError) -> PendingAuthorization? {
        guard let record = try store.get(Self.key(state), in: invocation), try record.text("owner") == owner else {
            return nil
        }
        return PendingAuthorization(
            subject: try record.text("subject"), returnPath: try record.text("returnPath"), key: record.key,
            binding: try record.text("binding"))
    }

    /// Uses a state up. Of several that try at once exactly one is told that it did.
    public func consume(_ pending: PendingAuthorization, in invocation: Invocation) throws(StoreError) -> Bool {
        try store.delete(pending.key, in: invocation) != nil
    }

    /// Takes the flow's cookie away from the browser.
    public static func expiredCookie(of pending: PendingAuthorization) -> String {
        setCookie(pending.key, "", seconds: 0)
    }

    private static func key(_ state: String) -> RecordKey {
        RecordKey(partition: "ownerrez-state#\(digest(state))", sort: "state")
    }

    /// `Lax`: the callback is a navigation that begins at OwnerRez. `__Host-`: set by this host over TLS, and by no
    /// neighbour of it (RFC 6265bis section 4.1.3).
    private static func setCookie(_ key: RecordKey, _ value: String, seconds: Int) -> String {
        "\(cookieName(key))=\(value); Max-Age=\(seconds); Path=/; Secure; HttpOnly; SameSite=Lax"
    }

    /// One for each flow, so that two tabs do not get in each other's way.
    fileprivate static func cookieName(_ key: RecordKey) -> String {
        "__Host-ownerrez-" + key.partition.suffix(64).prefix(16)
    }
}

private func digest(_ text: String) -> String { hexadecimal(sha256(Array(text.utf8))) }

extension Request {
    /// The values of all cookies with a name (RFC 6265 section 5.4): a browser may send several.
    fileprivate func cookies(named name: String) -> [String] {
        headers.all("Cookie").flatMap { $0.split(separator: ";") }.compactMap { pair in
            let parts = pair.trimmingSpaces.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && parts[0] == name ? String(parts[1]) : nil
        }
    }
}
