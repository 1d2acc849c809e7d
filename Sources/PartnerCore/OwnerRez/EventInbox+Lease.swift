/// Of several that would pass events on at once one does, for the sake of the order: whoever holds the lease, a record
/// that goes by itself should its holder be gone.
extension EventInbox {
    private static let lease = RecordKey(partition: "ownerrez-inbox-lease", sort: "lease")

    /// How far the clocks of two machines may differ.
    private static let clockSkewMilliseconds = 10_000

    /// - Returns: whether the lease is ours. Nothing that an invocation does lasts longer than the lease that it took.
    func takeLease(in invocation: Invocation) throws(StoreError) -> Bool {
        let time = max(0, invocation.deadline.remainingMilliseconds) + Self.clockSkewMilliseconds
        do throws(StoreError) {
            try store.put(
                Self.lease, [:],
                expires: Timestamp(epochMilliseconds: now().epochMilliseconds + time), if: .ifAbsent, in: invocation)
            return true
        } catch {
            guard error == .conditionFailed else { throw error }
            return false
        }
    }

    func releaseLease(in invocation: Invocation) throws(StoreError) {
        try store.delete(Self.lease, in: invocation)
    }
}
