/// Ends what a person has agreed to, and their link with it.
///
/// The withdrawal is kept, and the link removed both ways, in one transaction: it has happened or it has not, wherever a
/// call is cut off. It holds only if neither the link nor the period has changed since they were read. An opt-in at the
/// same moment is so either before it, and ended, or after it, and refused.
public struct Withdrawals: Sendable {
    public enum Outcome: Sendable, Equatable {
        case withdrawn(Withdrawal)
        /// There is nothing to end any more.
        case alreadyWithdrawn
        /// They have never agreed to anything.
        case neverOptedIn
    }

    private let store: RecordStore
    private let links: UserLinks
    private let consents: Consents

    public init(_ store: RecordStore) {
        self.store = store
        links = UserLinks(store)
        consents = Consents(store)
    }

    /// More calls of one person than these do not come at once.
    private static let attempts = 10

    public func withdraw(
        subject: String, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        for _ in 1..<Self.attempts {
            do throws(StoreError) { return try withdrawOnce(subject, now, in: invocation) } catch {
                guard error == .conditionFailed else { throw error }
            }
        }
        return try withdrawOnce(subject, now, in: invocation)
    }

    private func withdrawOnce(
        _ subject: String, _ now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        // In this order: what is linked after the history was read is found, and ended with it.
        let history = try consents.history(subject: subject, in: invocation)
        let unlinking = try links.unlinking(subject: subject, in: invocation)
        guard unlinking.ownliUserID != nil || !history.standing.isEmpty else {
            return history.withdrawals.isEmpty ? .neverOptedIn : .alreadyWithdrawn
        }
        let withdrawal = Withdrawal(of: history, at: now, linkedTo: unlinking.ownliUserID)
        try store.transact([withdrawal.record] + unlinking.writes, in: invocation)
        return .withdrawn(withdrawal)
    }
}
