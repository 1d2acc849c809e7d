/// For operators: everybody's connections.
extension ConnectionList {
    public struct Entry: Sendable {
        public let account: Int
        public let subject: String
        /// Nil where only the list knows of the account: an older build has removed the connection.
        public let connectedAt: Timestamp?
        /// Since when OwnerRez refuses it for good.
        public let revokedAt: Timestamp?
        /// Since when OwnerRez refuses to renew its tokens.
        public let refreshFailedAt: Timestamp?
        /// The id of the key by which its tokens are sealed.
        public let keyID: String?
        /// Up to when its lists at OwnerRez have been looked through; nil where that has not come about yet.
        public let reached: Timestamp?
        /// Whether schedules know of it.
        public let isListed: Bool
    }

    /// A connection whose record is left as it is, and why.
    public struct Unreadable: Sendable {
        public let account: Int
        public let reason: String
    }

    public struct Page<Position: Sendable>: Sendable {
        public let entries: [Entry]
        /// What lies among them and cannot be read.
        public let unreadable: [Unreadable]
        /// Where the next page begins; nil after the last one.
        public let next: Position?
    }

    /// - Returns: nil when nobody has connected this account.
    public func entry(account: Int, in invocation: Invocation) throws(StoreError) -> Entry? {
        guard let record = try store.get(Connections.key(account: account), in: invocation) else { return nil }
        return try Entry(record, account, try ConnectionSchedule(store).entry(account: account, in: invocation))
    }

    /// As schedules know of them, in the order of the accounts' digits.
    public func page(
        after start: String? = nil, atMost limit: Int = 100, in invocation: Invocation
    ) throws(StoreError) -> Page<String> {
        let page = try ConnectionSchedule(store).page(after: start, atMost: limit, in: invocation)
        var (entries, unreadable): ([Entry], [Unreadable]) = ([], [])
        for listed in page.entries {
            let record = try store.get(Connections.key(account: listed.account), in: invocation)
            do throws(StoreError) { entries.append(try Entry(record, listed.account, listed)) } catch {
                unreadable.append(Unreadable(account: listed.account, reason: error.reason))
            }
        }
        return Page(entries: entries, unreadable: unreadable, next: page.next)
    }

    /// Those that no schedule knows of too, in no order: all records of the store are passed on the way.
    public func scan(
        after start: RecordKey? = nil, atMost limit: Int = 100, in invocation: Invocation
    ) throws(StoreError) -> Page<RecordKey> {
        let prefix = Connections.accountPrefix
        let page = try store.scan(prefix: prefix, after: start, limit: limit, in: invocation)
        var (entries, unreadable): ([Entry], [Unreadable]) = ([], [])
        for record in page.records where record.key.sort == Connections.sort {
            let digits = Substring(record.key.partition.utf8.dropFirst(prefix.utf8.count))
            guard let account = Int(digits) else { continue }
            let listed = try ConnectionSchedule(store).entry(account: account, in: invocation)
            do throws(StoreError) { entries.append(try Entry(record, account, listed)) } catch {
                unreadable.append(Unreadable(account: account, reason: UnreadableRecord(record, error).reason))
            }
        }
        return Page(entries: entries, unreadable: unreadable, next: page.next)
    }
}

extension ConnectionList.Entry {
    fileprivate init(_ record: Record?, _ account: Int, _ listed: ConnectionSchedule.Entry?) throws(StoreError) {
        let attributes = record?.attributes ?? [:]
        self.account = account
        subject = try record?.text("subject") ?? listed?.subject ?? ""
        connectedAt = try record?.time("connectedAt")
        revokedAt = attributes["revokedAt"].flatMap { Timestamp(attribute: $0) }
        refreshFailedAt = attributes["refreshFailedAt"].flatMap { Timestamp(attribute: $0) }
        keyID = attributes["tokens"].map { TokenSealer.keyID(of: $0) }
        reached = listed?.reached
        isListed = listed != nil
    }
}
