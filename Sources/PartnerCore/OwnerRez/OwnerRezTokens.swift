/// What OwnerRez gave us for an account: under the policy "None" one token that stays, under "Standard" a pair that has
/// to be renewed.
struct OwnerRezTokens: Sendable, Equatable {
    let access: Secret
    let refresh: Secret?
    /// Nil: it does not expire.
    let expires: Timestamp?

    /// Tokens are renewed this long before they expire.
    private static let marginSeconds = 300

    func isFresh(at now: Timestamp) -> Bool {
        guard let expires else { return true }
        return now.epochSeconds + Self.marginSeconds < expires.epochSeconds
    }
}

/// An answer of the token endpoint to a code: who approved, and what that is worth.
struct OwnerRezGrant: Sendable {
    let tokens: OwnerRezTokens
    let account: OwnerRezAccount
}

/// An account at OwnerRez.
public struct OwnerRezAccount: Sendable, Equatable {
    /// `user_id`. Positive.
    public let id: Int
    /// `user_display_name`, which the policy "Standard" has.
    public let name: String?
    /// `scope`: "all", "full" and "read" have been seen.
    public let scope: String?
}
