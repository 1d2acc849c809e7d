/// Where records are kept: one small seam over every backend, and the same behaviour over each.
///
/// Every write is durable when its method returns, and happens wholly or not at all.
public enum RecordStore: Sendable {
    case sqlite(SQLiteStore)
    case dynamoDB(DynamoDBStore)
    case firestore(FirestoreStore)
    /// Stands in where the settings are wrong, or only listed: no function runs then.
    case notOpened

    /// - Returns: nil when there is no such record, or when it has expired.
    public func get(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        try key.check()
        switch self {
        case .sqlite(let store): return try store.get(key, in: invocation)
        case .dynamoDB(let store): return try store.get(key, in: invocation)
        case .firestore(let store): return try store.get(key, in: invocation)
        case .notOpened: throw .unavailable(reason: "the store was not opened")
        }
    }

    public func put(
        _ key: RecordKey, _ attributes: [String: String], expires: Timestamp? = nil, if condition: Condition = .always,
        in invocation: Invocation
    ) throws(StoreError) {
        try transact([.put(key, attributes, expires: expires, if: condition)], in: invocation)
    }

    /// Of several that delete one record at once, exactly one is given it.
    ///
    /// - Returns: what was there; nil when nothing was, or when it had expired.
    @discardableResult
    public func delete(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        try key.check()
        switch self {
        case .sqlite(let store): return try store.delete(key, in: invocation)
        case .dynamoDB(let store): return try store.delete(key, in: invocation)
        case .firestore(let store): return try store.delete(key, in: invocation)
        case .notOpened: throw .unavailable(reason: "the store was not opened")
        }
    }

    /// The records of a partition in the order of their sort keys. One that cannot be read has the attribute
    /// `Record.unreadable` alone.
    ///
    /// - Parameters:
    ///   - start: only those whose sort key comes after this one.
    ///   - limit: at most this many; all of them if nil.
    public func list(
        partition: String, after start: String? = nil, limit: Int? = nil, in invocation: Invocation
    ) throws(StoreError) -> [Record] {
        try RecordKey.check(partition)
        if let start { try RecordKey.check(start) }
        switch self {
        case .sqlite(let store): return try store.list(partition: partition, after: start, limit: limit, in: invocation)
        case .dynamoDB(let store):
            return try store.list(partition: partition, after: start, limit: limit, in: invocation)
        case .firestore(let store):
            return try store.list(partition: partition, after: start, limit: limit, in: invocation)
        case .notOpened: throw .unavailable(reason: "the store was not opened")
        }
    }

    /// How many calls at once are of use to whoever has many to make. SQLite does one after the other.
    var usefulConcurrency: Int {
        switch self {
        case .sqlite, .notOpened: 1
        // Enough for what a table takes that has never had more to do: DynamoDB's first limit is 4,000 units a second.
        case .dynamoDB, .firestore: 8
        }
    }

    /// Whether what is appended comes behind all that any process appended before, whatever the clocks say.
    var ordersAppends: Bool {
        switch self {
        case .sqlite: true
        case .dynamoDB, .firestore, .notOpened: false
        }
    }

    /// Does all of the writes, or none when the condition of one does not hold. Each key may occur once.
    public func transact(_ writes: [Write], in invocation: Invocation) throws(StoreError) {
        try Write.check(writes)
        switch self {
        case .sqlite(let store): try store.transact(writes, in: invocation)
        case .dynamoDB(let store): try store.transact(writes, in: invocation)
        case .firestore(let store): try store.transact(writes, in: invocation)
        case .notOpened: throw .unavailable(reason: "the store was not opened")
        }
    }
}

extension RecordStore {
    /// The time by the one clock that all who share the store have in common: that of the service, as its last answer had
    /// it, or of the machine that SQLite's file is on. For what they count together.
    var time: Timestamp {
        switch self {
        case .sqlite(let store): store.time
        case .dynamoDB(let store): store.time
        case .firestore(let store): store.time
        case .notOpened: .now()
        }
    }

    /// The service's; nil where there is none but the machine's own.
    var peerClock: PeerClock? {
        switch self {
        case .dynamoDB(let store): store.peerClock
        case .firestore(let store): store.peerClock
        case .sqlite, .notOpened: nil
        }
    }

    /// A connection to the service, and what it knows us by. SQLite's file needs neither.
    public var preparations: [Preparation] {
        switch self {
        case .dynamoDB(let store): [store.client.prepare]
        case .firestore(let store): [store.client.prepare]
        case .sqlite, .notOpened: []
        }
    }

    /// For `--check`: reads a record that nobody writes.
    public var probe: Probe {
        Probe("read from the store") { (invocation) throws(FunctionError) in
            do throws(StoreError) {
                _ = try get(RecordKey(partition: "check", sort: "check"), in: invocation)
            } catch {
                throw error.functionError
            }
        }
    }
}
