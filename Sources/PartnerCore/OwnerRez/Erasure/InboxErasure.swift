/// Removes the events of accounts that wait in the inbox. Others may work the inbox off at the same time: an event that
/// is removed under their hands has changed for them, so they do nothing with it.
///
/// An event goes one way: from what waits to what is set aside, and out of the inbox. Whoever looks in this order
/// misses none, but for those that have gone on to where events are kept. That is to be looked through afterwards.
struct InboxErasure {
    private let removal: Removal
    private let inbox: EventInbox
    private let connections: Connections

    private static let pageSize = 100

    init(_ removal: Removal) {
        self.removal = removal
        inbox = EventInbox(removal.store)
        connections = Connections(removal.store, TokenSealer())
    }

    /// - Returns: how many events are gone.
    func remove(_ former: FormerAccounts, in work: LongWork) throws(StoreError) -> Int {
        var removed = 0
        for shard in InboxShard.all where former.ids.contains(where: { InboxShard(ofAccount: $0) == shard }) {
            removed += try remove(former, from: shard.waiting, in: work)
            var last: String?
            repeat {
                let page = try removal.store.list(
                    partition: shard.pauses, after: last, limit: Self.pageSize, in: work.step())
                for record in page {
                    guard let pause = InboxPause(record) else { continue }
                    let count = try remove(former, from: shard.aside(pause.entity), in: work)
                    removed += count
                    if count > 0 || former.isOfAccount(pause) { try end(record, pause, in: shard, in: work) }
                }
                last = page.count == Self.pageSize ? page.last?.key.sort : nil
            } while last != nil
        }
        return removed
    }

    private func remove(
        _ former: FormerAccounts, from partition: String, in work: LongWork
    ) throws(StoreError) -> Int {
        var removed = 0
        var last: String?
        repeat {
            let page = try removal.store.list(
                partition: partition, after: last, limit: Self.pageSize, in: work.step())
            var present = PresentConnections(connections, before: removal.isDryRun ? former.subject : nil)
            var theirs: [Record] = []
            for record in page {
                guard let trace = AccountTrace(record),
                    former.hasHad(trace, now: try present.connection(trace.account, in: work))
                else { continue }
                theirs.append(record)
            }
            removed += try removal.remove(theirs, in: work)
            last = page.count == Self.pageSize ? page.last?.key.sort : nil
        } while last != nil
        return removed
    }

    /// If nothing waits any more. Whoever has set something aside since the pause was read has written it again.
    private func end(
        _ record: Record, _ pause: InboxPause, in shard: InboxShard, in work: LongWork
    ) throws(StoreError) {
        guard try inbox.aside(pause.entity, in: shard, atMost: 1, in: work.step()).isEmpty else { return }
        _ = try removal.remove([record], in: work)
    }
}

extension FormerAccounts {
    /// Whether the pause's entity is an account of theirs, rather than something in one.
    fileprivate func isOfAccount(_ pause: InboxPause) -> Bool {
        ids.contains { ["user/\($0)", "connection/\($0)"].contains(pause.entity) }
    }
}
