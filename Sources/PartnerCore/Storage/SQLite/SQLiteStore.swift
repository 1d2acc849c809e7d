/// Records in one SQLite file, which several threads and processes of one machine can share.
///
/// Write-ahead log, synced at every commit: what was written survives a crash and a power cut. The file and the ones
/// beside it (`-wal`, `-shm`) can be read by their owner alone, for it is people's data.
public struct SQLiteStore: Sendable {
    /// The longest that an operation waits for other threads and processes.
    private static let longestWait = 5_000

    /// One connection, which is here while nobody uses it. A pool of one rather than a lock held over the work, since
    /// waiting for it ends with the deadline.
    private let idle: Lock<[SQLiteConnection]>
    private let clock: @Sendable () -> Timestamp

    /// Opens the file, and makes it when there is none.
    ///
    /// - Parameter hasToExist: makes none, and takes an empty one for none.
    public init(
        path: String, hasToExist: Bool = false, clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) throws(StoreError) {
        let deadline = Deadline.after(milliseconds: Self.longestWait)
        idle = Lock([try SQLiteConnection(path: path, hasToExist: hasToExist, deadline: deadline)])
        self.clock = clock
    }

    var time: Timestamp { clock() }

    func get(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        try withConnection(in: invocation) { (connection) throws(StoreError) in
            try connection.records(.get, [.text(key.partition), .text(key.sort), now]).first
        }
    }

    func list(
        partition: String, after start: String?, limit: Int?, in invocation: Invocation
    ) throws(StoreError) -> [Record] {
        try withConnection(in: invocation) { (connection) throws(StoreError) in
            // Every sort key comes after the empty text; a negative limit is none.
            try connection.records(.list, [.text(partition), now, .text(start ?? ""), .integer(limit ?? -1)])
        }
    }

    /// Those of a prefix stand together, from the partition that is the prefix itself on; what comes behind them ends it.
    func scan(
        prefix: String, after last: RecordKey?, limit: Int, in invocation: Invocation
    ) throws(StoreError) -> RecordPage {
        let start = last ?? RecordKey(partition: prefix, sort: "")
        let found = try withConnection(in: invocation) { (connection) throws(StoreError) in
            try connection.records(.scan, start.values + [now, .integer(limit)])
        }
        let records = Array(found.prefix { $0.key.partition.hasPrefix(prefix) })
        return RecordPage(records: records, next: records.count < limit ? nil : records.last?.key)
    }

    func delete(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        try withConnection(in: invocation) { (connection) throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                try connection.records(.delete, [.text(key.partition), .text(key.sort), now]).first
            }
        }
    }

    func transact(_ writes: [Write], in invocation: Invocation) throws(StoreError) {
        try withConnection(in: invocation) { (connection) throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                for write in writes { try apply(write, connection) }
            }
        }
    }

    func withConnection<Result>(
        in invocation: Invocation, _ body: (SQLiteConnection) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let wait = max(0, min(Self.longestWait, invocation.deadline.remainingMilliseconds))
        let deadline = Deadline.after(milliseconds: wait)
        guard let connection = idle.wait(until: deadline, for: { $0.popLast() }) else { throw .timedOut }
        defer {
            idle.withLock { $0.append(connection) }
            idle.notify()
        }
        connection.waitForOthers(until: deadline)
        return try body(connection)
    }

    private var now: SQLiteConnection.Value { .integer(clock().epochMilliseconds) }

    private func apply(_ write: Write, _ connection: SQLiteConnection) throws(StoreError) {
        switch write {
        case .append(let partition, let attributes):
            let sort = Arrival.sortKey(try nextArrival(connection))
            let key = RecordKey(partition: partition, sort: sort).values
            try connection.run(.put, key + [.text(AttributesText.of(attributes)), .null])
        case .put(let key, let attributes, let expires, let condition):
            let key = key.values
            // Expired records go when new ones come that will expire: a few at a time, so that no write pays for many.
            if expires != nil { try connection.run(.purge, [now]) }
            let content: [SQLiteConnection.Value] = [
                .text(AttributesText.of(attributes)), expires.map { .integer($0.epochMilliseconds) } ?? .null,
            ]
            switch condition {
            case .always: try connection.run(.put, key + content)
            case .ifAbsent: try connection.runForOne(.putIfAbsent, key + content + [now])
            case .ifRevision(let revision):
                try connection.runForOne(.putIfRevision, key + content + [now, .integer(revision)])
            }
        case .delete(let key, let condition):
            let key = key.values
            switch condition {
            case .always: try connection.run(.delete, key + [now])  // whatever is there, readable or not
            case .ifAbsent:
                guard try connection.records(.get, key + [now]).isEmpty else { throw .conditionFailed }
            case .ifRevision(let revision):
                try connection.runForOne(.deleteIfRevision, key + [now, .integer(revision)])
            }
        }
    }
}

extension SQLiteStore {
    private func nextArrival(_ connection: SQLiteConnection) throws(StoreError) -> Int {
        let least = Arrival.lowest(at: clock())
        var number = least
        try connection.run(.nextArrival, [.integer(least)]) { row in number = row.integer(0) ?? least }
        return number
    }
}

extension RecordKey {
    fileprivate var values: [SQLiteConnection.Value] { [.text(partition), .text(sort)] }
}

extension SQLiteConnection {
    /// Runs a statement that has to change one row; when it changes none, its condition did not hold.
    fileprivate func runForOne(_ query: SQLiteQuery, _ values: [Value]) throws(StoreError) {
        try run(query, values)
        guard changes == 1 else { throw .conditionFailed }
    }

    /// The records that a statement returns: partition, sort, attributes, revision, expires.
    fileprivate func records(_ query: SQLiteQuery, _ values: [Value]) throws(StoreError) -> [Record] {
        var records: [Record] = []
        try run(query, values) { (row) throws(StoreError) in
            let attributes: [String: String]
            do throws(StoreError) { attributes = try AttributesText.parse(row.text(2)) } catch {
                guard query == .list || query == .scan else { throw error }
                attributes = [Record.unreadable: row.text(2)]
            }
            records.append(
                Record(
                    key: RecordKey(partition: row.text(0), sort: row.text(1)), attributes: attributes,
                    revision: row.integer(3) ?? 0,
                    expires: row.integer(4).map { Timestamp(epochMilliseconds: $0) }))
        }
        return records
    }
}
