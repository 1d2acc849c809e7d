import CSystem

/// Records in one SQLite file: for development, for one machine, and for the shell.
///
/// Several processes may use the file at once. A write is on disk before it is reported (synchronous=FULL).
public final class SQLiteStore: Sendable {
    private let database: Lock<SQLiteDatabase>

    /// `user_version` of the file; one that is newer was written by a later release.
    private static let schemaVersion = 1
    /// The longest wait for another process's lock.
    private static let longestWaitMilliseconds = 5000

    private static let schema = """
        CREATE TABLE IF NOT EXISTS records (
            partition TEXT NOT NULL,
            sort TEXT NOT NULL,
            attributes TEXT NOT NULL,
            revision INTEGER NOT NULL,
            expires INTEGER,
            PRIMARY KEY (partition, sort)
        ) STRICT, WITHOUT ROWID
        """

    /// Opens the file, which is made, readable by its owner only, if it is not there.
    public init(path: String) throws(StoreError) {
        let file = csystem_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unavailable(SystemError.last.reason) }
        close(file)
        do throws(SQLiteDatabase.Failure) {
            let database = try SQLiteDatabase(path: path)
            database.setBusyTimeout(milliseconds: Self.longestWaitMilliseconds)
            try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            let found = try database.query("PRAGMA user_version") { $0.integer(0) }[0]
            if found < Self.schemaVersion {
                try database.execute("\(Self.schema); PRAGMA user_version = \(Self.schemaVersion)")
            }
            self.database = Lock(database)
            guard found <= Self.schemaVersion else { throw .result(0) }
        } catch {
            if case .result(0) = error { throw .unavailable("the file was written by a later release") }
            throw .unavailable(error.reason)
        }
    }

    func get(_ key: RecordKey, by deadline: Deadline) throws(StoreError) -> Record? {
        try run(by: deadline) { (database) throws(SQLiteDatabase.Failure) in
            try Self.select(key, database)
        }
    }

    func list(partition: String, by deadline: Deadline) throws(StoreError) -> [Record] {
        try run(by: deadline) { (database) throws(SQLiteDatabase.Failure) in
            try database.query(
                """
                SELECT sort, attributes, revision, expires FROM records
                WHERE partition = ? AND (expires IS NULL OR expires > ?) ORDER BY sort
                """, [.text(partition), Self.now]
            ) { row in
                Record(
                    key: RecordKey(partition, row.text(0)), attributes: row.text(1), row.integer(2),
                    row.optionalInteger(3))
            }
        }
    }

    func delete(_ key: RecordKey, by deadline: Deadline) throws(StoreError) -> Record? {
        try run(by: deadline) { (database) throws(SQLiteDatabase.Failure) in
            try database.query(
                """
                DELETE FROM records WHERE partition = ? AND sort = ? AND (expires IS NULL OR expires > ?)
                RETURNING attributes, revision, expires
                """, [.text(key.partition), .text(key.sort), Self.now]
            ) { Record(key: key, attributes: $0.text(0), $0.integer(1), $0.optionalInteger(2)) }.first
        }
    }

    func transact(_ writes: [Write], by deadline: Deadline) throws(StoreError) {
        let isWritten = try run(by: deadline) { (database) throws(SQLiteDatabase.Failure) in
            // Takes the lock at once: a transaction that reads first and then writes can deadlock with another.
            try database.execute("BEGIN IMMEDIATE")
            do throws(SQLiteDatabase.Failure) {
                for write in writes {
                    guard try Self.apply(write, to: database) else {
                        try database.execute("ROLLBACK")
                        return false
                    }
                }
                try database.execute("COMMIT")
                return true
            } catch {
                try? database.execute("ROLLBACK")
                throw error
            }
        }
        guard isWritten else { throw .conditionFailed }
    }

    /// - Returns: false when the condition does not hold.
    private static func apply(_ write: Write, to database: SQLiteDatabase) throws(SQLiteDatabase.Failure) -> Bool {
        let (key, condition) =
            switch write {
            case .put(let key, _, _, let condition): (key, condition)
            case .delete(let key, let condition): (key, condition)
            }
        let present = try select(key, database)
        switch condition {
        case .always: break
        case .ifAbsent: if present != nil { return false }
        case .ifRevision(let revision): if present?.revision != revision { return false }
        }
        switch write {
        case .put(_, let attributes, let expires, _):
            _ = try database.query(
                "INSERT OR REPLACE INTO records (partition, sort, attributes, revision, expires) VALUES (?, ?, ?, ?, ?)",
                [
                    .text(key.partition), .text(key.sort), .text(Self.text(of: attributes)),
                    .integer((present?.revision ?? 0) + 1), expires.map { .integer($0.epochMilliseconds) } ?? .null,
                ]
            ) { _ in }
        case .delete:
            _ = try database.query(
                "DELETE FROM records WHERE partition = ? AND sort = ?", [.text(key.partition), .text(key.sort)]
            ) { _ in }
        }
        return true
    }

    private static func select(_ key: RecordKey, _ database: SQLiteDatabase) throws(SQLiteDatabase.Failure) -> Record? {
        try database.query(
            """
            SELECT attributes, revision, expires FROM records
            WHERE partition = ? AND sort = ? AND (expires IS NULL OR expires > ?)
            """, [.text(key.partition), .text(key.sort), now]
        ) { Record(key: key, attributes: $0.text(0), $0.integer(1), $0.optionalInteger(2)) }.first
    }

    private static var now: SQLiteDatabase.Value { .integer(Timestamp.now().epochMilliseconds) }

    private static func text(of attributes: [String: String]) -> String {
        let members = attributes.map { JSON.Member($0.key, .string($0.value)) }
        return String(decoding: JSON.object(members).text, as: UTF8.self)
    }

    /// Waits for the lock no longer than the invocation can.
    private func run<Result>(
        by deadline: Deadline, _ body: (SQLiteDatabase) throws(SQLiteDatabase.Failure) -> Result
    ) throws(StoreError) -> Result {
        let wait = min(Self.longestWaitMilliseconds, deadline.remainingMilliseconds)
        guard wait > 0 else { throw .timedOut }
        do throws(SQLiteDatabase.Failure) {
            return try database.withLock { (database) throws(SQLiteDatabase.Failure) in
                database.setBusyTimeout(milliseconds: wait)
                return try body(database)
            }
        } catch { throw .unavailable(error.reason) }
    }
}

extension Record {
    fileprivate init(key: RecordKey, attributes text: String, _ revision: Int, _ expires: Int?) {
        var attributes: [String: String] = [:]
        for member in (try? JSON.parse(Array(text.utf8)))?.members ?? [] {
            attributes[member.name] = member.value.string
        }
        self.init(
            key: key, attributes: attributes, revision: revision,
            expires: expires.map { Timestamp(epochMilliseconds: $0) })
    }
}
