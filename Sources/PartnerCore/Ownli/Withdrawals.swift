/// Ends what a person has agreed to, and their link with it.
///
/// The withdrawal is kept, and the link removed both ways, in one transaction: it has happened or it has not, wherever
/// a call is cut off. It holds only if neither the link nor the period has changed since they were read. So an opt-in
/// at the same moment is either before it, and ended, or after it, and refused.
///
/// Then what has ended gets the time at which it goes: from now on nothing more is added to it. Until that is done the
/// withdrawal has no end, and the next call gives it one.
public struct Withdrawals: Sendable {
    public enum Outcome: Sendable, Equatable {
        case withdrawn(Withdrawal)
        /// There is nothing to end any more.
        case alreadyWithdrawn
        /// They have never agreed to anything that is still kept.
        case neverOptedIn
    }

    private let store: RecordStore
    private let links: UserLinks
    private let consents: Consents
    private let retention: Retention

    /// - Parameter retention: of what has ended, from the withdrawal on.
    public init(_ store: RecordStore, keptFor retention: Retention) {
        self.store = store
        self.retention = retention
        links = UserLinks(store)
        consents = Consents(store)
    }

    public func withdraw(
        subject: String, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        let outcome = try insisting { () throws(StoreError) in try end(subject, at: now, in: invocation) }
        if outcome != .neverOptedIn { try settle(subject, at: now, in: invocation) }
        return outcome
    }

    func end(_ subject: String, at now: Timestamp, in invocation: Invocation) throws(StoreError) -> Outcome {
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

    /// Gives everything that has ended, and has none yet, the time at which it goes. It may be repeated.
    func settle(_ subject: String, at now: Timestamp, in invocation: Invocation) throws(StoreError) {
        try insisting { () throws(StoreError) in
            let records = try consents.records(subject: subject, in: invocation)
            let ended = try EndedConsents(records, of: subject)
            for writes in ended.expiring(at: now, keptFor: retention) { try store.transact(writes, in: invocation) }
        }
    }

    /// More calls of one person than these do not come at once.
    private static let attempts = 10

    private func insisting<Result>(_ work: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        for _ in 1..<Self.attempts {
            do throws(StoreError) { return try work() } catch {
                guard error == .conditionFailed else { throw error }
            }
        }
        return try work()
    }
}
