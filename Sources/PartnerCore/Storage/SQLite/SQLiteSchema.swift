extension SQLiteConnection {
    /// The version of the tables below. It goes up with every change to them.
    private static let schemaVersion = 1
    /// Tells our files from those of other programs ("PFrs").
    private static let applicationID = 0x5046_7273

    /// Makes an empty file a store, and refuses a file that is none or that a newer program has changed.
    ///
    /// - Parameter hasToExist: refuses an empty one too.
    func prepareFile(hasToExist: Bool = false, _ deadline: Deadline) throws(StoreError) {
        waitForOthers(until: deadline)
        guard !isReadOnly else { throw .unavailable(reason: "the file may not be written") }
        // In a transaction: half of what another process makes at this moment would look like somebody else's file.
        let isNew = try transaction(.beginReading) { () throws(StoreError) in try checkSchema() }
        guard !(isNew && hasToExist) else { throw .unavailable(reason: "the file is empty") }
        try switchToWriteAheadLog(deadline)
        // Without FULL, a power cut could take the last commits of a write-ahead log.
        _ = try runOnce("PRAGMA synchronous = FULL")
        guard isNew else { return }
        try transaction { () throws(StoreError) in
            // Another process may have been faster.
            if try checkSchema() { try createSchema() }
        }
    }

    /// - Returns: whether there is nothing in the file yet.
    private func checkSchema() throws(StoreError) -> Bool {
        let application = try integer("PRAGMA application_id")
        let version = try integer("PRAGMA user_version")
        if application == 0, version == 0, try integer("SELECT count(*) FROM sqlite_schema") == 0 { return true }
        guard application == Self.applicationID else {
            throw .unavailable(reason: "the file is another program's SQLite database")
        }
        guard version == Self.schemaVersion else {
            throw .unavailable(
                reason: "the file has version \(version) of the schema, and this program knows \(Self.schemaVersion)")
        }
        return false
    }

    /// SQLite does not wait for other processes when it changes the journal's kind, so several that open a new file at
    /// once have to try again.
    private func switchToWriteAheadLog(_ deadline: Deadline) throws(StoreError) {
        while true {
            do throws(StoreError) {
                guard try runOnce("PRAGMA journal_mode = WAL") == "wal" else {
                    throw .unavailable(reason: "the file system cannot hold a write-ahead log")
                }
                return
            } catch {
                guard error == .timedOut, deadline.remainingMilliseconds > 0 else { throw error }
                sleep(milliseconds: 5)
            }
        }
    }

    private func createSchema() throws(StoreError) {
        _ = try runOnce(
            """
            CREATE TABLE records (
                partition TEXT NOT NULL,
                sort TEXT NOT NULL,
                attributes TEXT NOT NULL,  -- a JSON object of strings
                revision INTEGER NOT NULL,
                expires INTEGER,           -- milliseconds since 1970
                PRIMARY KEY (partition, sort)
            ) STRICT, WITHOUT ROWID
            """)
        _ = try runOnce("CREATE INDEX records_by_expiry ON records (expires) WHERE expires IS NOT NULL")
        _ = try runOnce("PRAGMA application_id = \(Self.applicationID)")
        _ = try runOnce("PRAGMA user_version = \(Self.schemaVersion)")
    }

    private func integer(_ sql: String) throws(StoreError) -> Int { Int(try runOnce(sql) ?? "") ?? 0 }
}
