/// One process at a time works off a part of the inbox, for the sake of the order. It is the one that holds the lease:
/// a record that goes by itself if its holder is gone.
///
/// It lasts as long as the invocation may: no call that its holder makes goes on beyond that. Whoever is stopped in the
/// middle and wakes up later finds every event that was moved meanwhile at another revision.
struct InboxLease: Sendable {
    /// Until when events may be begun on.
    let turn: Deadline
    private let end: Deadline
    private let key: RecordKey

    private static let longestTurnMilliseconds = 20_000
    /// What an event needs as a rule, so that the platform does not end the process over it.
    static let reservedMilliseconds = 5_000
    /// How far the clocks of two machines may differ.
    private static let clockSkewMilliseconds = 10_000

    /// - Returns: nil when somebody else holds it, or when there is too little time left to begin on anything.
    static func take(
        _ key: RecordKey, of inbox: EventInbox, in invocation: Invocation
    ) throws(StoreError) -> InboxLease? {
        let left = invocation.deadline.remainingMilliseconds
        let turn = min(left - reservedMilliseconds, longestTurnMilliseconds)
        guard turn > 0 else { return nil }
        let expires = inbox.now().epochMilliseconds + left + clockSkewMilliseconds
        do throws(StoreError) {
            try inbox.store.put(
                key, [:], expires: Timestamp(epochMilliseconds: expires), if: .ifAbsent, in: invocation)
        } catch {
            guard error == .conditionFailed else { throw error }
            return nil
        }
        return InboxLease(turn: .after(milliseconds: turn), end: .after(milliseconds: left), key: key)
    }

    /// Once its time is over the lease may be somebody else's, which is theirs to give back.
    func release(to inbox: EventInbox, in invocation: Invocation) throws(StoreError) {
        guard end.remainingMilliseconds > 0 else { return }
        try inbox.store.delete(key, in: invocation)
    }
}
