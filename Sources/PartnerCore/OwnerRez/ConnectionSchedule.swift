/// Of all connections when they are next looked after, and by whom:
///
///     ownerrez-connections    ID    subject, due, busyUntil (while somebody is at it), reached (up to when its lists have
///                                   been looked through); milliseconds since 1970
///
/// `Connections` writes and removes these records together with the connections. `busyUntil` passes by itself, so a
/// process that was killed at its work keeps nobody out.
public struct ConnectionSchedule: Sendable {
    /// A connection in the list.
    struct Entry: Sendable, Equatable {
        let account: Int
        let subject: String
        let due: Timestamp
        let busyUntil: Timestamp?
        let reached: Timestamp?
        fileprivate let revision: Int
    }

    /// Of a list that may be long.
    struct Page: Sendable {
        let entries: [Entry]
        /// Where the next page begins; nil after the last one.
        let next: String?
    }

    /// That a connection is ours until then.
    struct Claim: Sendable {
        let account: Int
        let subject: String
        fileprivate let due: Timestamp
        fileprivate let busyUntil: Timestamp
    }

    static let schema = RecordSchema(kind: "a schedule's")

    static let partition = "ownerrez-connections"
    /// Longer than any invocation, and than clocks differ: an end beyond that is of a clock that is wrong.
    private static let longestTurnSeconds = 3600

    private let store: RecordStore
    private let now: @Sendable () -> Timestamp

    init(_ store: RecordStore, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.store = store
        self.now = now
    }

    static func key(account: Int) -> RecordKey { RecordKey(partition: partition, sort: "\(account)") }

    /// All connections in the order of their accounts' digits, due or not.
    func page(
        after start: String? = nil, atMost limit: Int = 100, in invocation: Invocation
    ) throws(StoreError) -> Page {
        let records = try store.list(partition: Self.partition, after: start, limit: limit, in: invocation)
        var entries: [Entry] = []
        for record in records {
            if let entry = try Entry(record) { entries.append(entry) }
        }
        return Page(
            entries: entries,
            next: records.count < limit ? nil : records.last?.key.sort)
    }

    /// - Returns: nil when there is no such connection.
    func entry(account: Int, in invocation: Invocation) throws(StoreError) -> Entry? {
        try store.get(Self.key(account: account), in: invocation).flatMap { (record) throws(StoreError) in
            try Entry(record)
        }
    }

    /// - Parameter end: until when, should we be ended over it.
    /// - Returns: nil when somebody else is at it, or when it has changed since it was read.
    func claim(
        _ entry: Entry, until end: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> Claim? {
        if let busyUntil = entry.busyUntil {
            let now = now()
            guard busyUntil <= now || busyUntil > now.adding(seconds: Self.longestTurnSeconds) else { return nil }
        }
        let attributes = Self.attributes(
            subject: entry.subject, due: entry.due, busyUntil: end, reached: entry.reached)
        do throws(StoreError) {
            try store.put(
                Self.key(account: entry.account), attributes, if: .ifRevision(entry.revision), in: invocation)
        } catch {
            guard error == .conditionFailed else { throw error }
            return nil
        }
        return Claim(account: entry.account, subject: entry.subject, due: entry.due, busyUntil: end)
    }

    /// Gives a connection back.
    ///
    /// - Parameters:
    ///   - due: when it is next wanted, unless somebody has wanted it since it was claimed.
    ///   - reached: up to when its lists have been looked through.
    /// - Returns: false when it is not ours any more; then nothing has changed.
    @discardableResult
    func settle(
        _ claim: Claim, due: Timestamp, reached: Timestamp?, in invocation: Invocation
    ) throws(StoreError) -> Bool {
        while let entry = try entry(account: claim.account, in: invocation), entry.busyUntil == claim.busyUntil {
            let attributes = Self.attributes(
                subject: entry.subject, due: entry.due == claim.due ? due : entry.due, busyUntil: nil,
                reached: reached)
            do throws(StoreError) {
                try store.put(
                    Self.key(account: claim.account), attributes, if: .ifRevision(entry.revision), in: invocation)
                return true
            } catch {
                guard error == .conditionFailed else { throw error }
            }
        }
        return false
    }

    /// For the transaction that makes a connection: it is due at once. Whoever is at it stays at it.
    func listing(_ connection: Connection, in invocation: Invocation) throws(StoreError) -> Write {
        let key = Self.key(account: connection.account.id)
        let record = try store.get(key, in: invocation)
        let entry = try record.flatMap { (record) throws(StoreError) in try Entry(record) }
        let attributes = Self.attributes(
            subject: connection.subject, due: now(), busyUntil: entry?.busyUntil, reached: entry?.reached)
        return .put(key, attributes, if: record.map { .ifRevision($0.revision) } ?? .ifAbsent)
    }

    private static func attributes(
        subject: String, due: Timestamp, busyUntil: Timestamp?, reached: Timestamp?
    ) -> [String: String] {
        var attributes = ["subject": subject, "due": due.attribute]
        attributes["busyUntil"] = busyUntil?.attribute
        attributes["reached"] = reached?.attribute
        return attributes
    }
}

extension ConnectionSchedule.Entry {
    /// Nil for what none of us has written.
    fileprivate init?(_ record: Record) throws(StoreError) {
        try ConnectionSchedule.schema.check(record)
        guard let account = Int(record.key.sort), let subject = record.attributes["subject"],
            let due = record.attributes["due"].flatMap({ Timestamp(attribute: $0) })
        else { return nil }
        self.account = account
        self.subject = subject
        self.due = due
        busyUntil = record.attributes["busyUntil"].flatMap { Timestamp(attribute: $0) }
        reached = record.attributes["reached"].flatMap { Timestamp(attribute: $0) }
        revision = record.revision
    }
}
