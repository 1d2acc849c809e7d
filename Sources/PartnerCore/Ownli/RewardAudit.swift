/// What the ledger has kept of the rewards that were asked for.
public struct RewardAudit: Sendable {
    let store: RecordStore

    public init(_ store: RecordStore) { self.store = store }

    /// The reward of a reference, as far as it is known here.
    public func entry(
        actionCode: String, clientReference: String, in invocation: Invocation
    ) throws(StoreError) -> RewardEntry? {
        let key = RewardEntry.key(actionCode: actionCode, clientReference: clientReference)
        return try store.get(key, in: invocation).map { (record) throws(StoreError) in try RewardEntry(record) }
    }

    /// Some of the rewards that were asked for on a day, or for a user, the earliest first.
    public struct Page: Sendable {
        public let entries: [RewardEntry]
        /// What lies among them and cannot be read.
        public let unreadable: [UnreadableRecord]
        /// Where the next page begins; nil after the last one.
        public let next: String?

        /// For whoever has to show all that there is, or nothing.
        public func all() throws(StoreError) -> [RewardEntry] {
            guard let first = unreadable.first else { return entries }
            throw .unreadable(reason: first.reason)
        }
    }

    /// - Parameters:
    ///   - day: of UTC's: `2026-11-26`.
    ///   - start: a page's `next`.
    public func entries(
        day: String, after start: String? = nil, limit: Int, in invocation: Invocation
    ) throws(StoreError) -> Page {
        try page(of: RewardEntry.partition(ofDay: day), after: start, limit: limit, in: invocation)
    }

    /// Those of the first schema are not among them.
    public func entries(
        ownliUserID: String, after start: String? = nil, limit: Int, in invocation: Invocation
    ) throws(StoreError) -> Page {
        try page(of: RewardEntry.partition(ofUser: ownliUserID), after: start, limit: limit, in: invocation)
    }

    private func page(
        of partition: String, after start: String?, limit: Int, in invocation: Invocation
    ) throws(StoreError) -> Page {
        let records = try store.list(partition: partition, after: start, limit: limit, in: invocation)
        var entries: [RewardEntry] = []
        var unreadable: [UnreadableRecord] = []
        for record in records {
            do throws(StoreError) { entries.append(try RewardEntry(record)) } catch {
                unreadable.append(UnreadableRecord(record, error))
            }
        }
        return Page(
            entries: entries, unreadable: unreadable, next: records.count == limit ? records.last?.key.sort : nil)
    }
}
