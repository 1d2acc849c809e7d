/// The inbox as builds before the shards kept it: `ownerrez-inbox`, ARRIVAL, all accounts together. What still lies there
/// goes to its shard, where its sort key puts it before whatever came later.
struct FormerInbox: Sendable {
    static let partition = "ownerrez-inbox"
    /// The one that those builds took, too.
    private static let lease = RecordKey(partition: "ownerrez-inbox-lease", sort: "lease")

    private let inbox: EventInbox
    /// Whether this process has found it empty.
    private let isEmpty = Lock(false)

    init(_ inbox: EventInbox) { self.inbox = inbox }

    enum State {
        case empty
        /// There was something, and it has been moved: any shard may have work now.
        case moved
        /// Others are at it, or the time is over.
        case leftToOthers
    }

    /// - Parameter again: whether to look although this process has found it empty: an older build may still run
    ///   elsewhere.
    func move(again: Bool, in invocation: Invocation) throws(StoreError) -> State {
        guard again || !isEmpty.withLock({ $0 }) else { return .empty }
        guard try !page(in: invocation).isEmpty else {
            isEmpty.withLock { $0 = true }
            return .empty
        }
        guard let lease = try InboxLease.take(Self.lease, of: inbox, in: invocation) else { return .leftToOthers }
        let isDone: Bool
        do throws(StoreError) { isDone = try moveAll(until: lease.turn, in: invocation) } catch {
            try? lease.release(to: inbox, in: invocation)
            throw error
        }
        try lease.release(to: inbox, in: invocation)
        return isDone ? .moved : .leftToOthers
    }

    private func page(in invocation: Invocation) throws(StoreError) -> [Record] {
        try inbox.store.list(partition: Self.partition, limit: EventInbox.pageSize, in: invocation)
    }

    /// - Returns: false when the time is over before the end.
    private func moveAll(until turn: Deadline, in invocation: Invocation) throws(StoreError) -> Bool {
        while true {
            let page = try page(in: invocation)
            guard !page.isEmpty else { return true }
            for record in page {
                guard turn.remainingMilliseconds > 0 else { return false }
                guard let event = try inbox.readOrGiveUp(record, in: invocation) else { continue }
                let key = RecordKey(partition: event.event.shard.waiting, sort: event.arrival)
                try inbox.store.transact(
                    [
                        .delete(record.key, if: .ifRevision(record.revision)),
                        .put(key, event.waiting(attempts: event.attempts)),
                    ], in: invocation)
            }
        }
    }
}
