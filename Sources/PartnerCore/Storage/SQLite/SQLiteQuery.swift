/// Every statement that runs on an open store; each is prepared once. A record whose time is over is nowhere to be seen.
enum SQLiteQuery: Int, CaseIterable {
    case beginReading, beginWriting, commit, rollback
    case get, list, scan
    case put, putIfAbsent, putIfRevision
    case delete, deleteIfRevision
    case purge
    case nextArrival

    var sql: String {
        switch self {
        case .beginReading: "BEGIN"
        // A transaction that began by reading could not always go on to write; one that begins as a writer can.
        case .beginWriting: "BEGIN IMMEDIATE"
        case .commit: "COMMIT"
        case .rollback: "ROLLBACK"
        case .get:
            """
            SELECT partition, sort, attributes, revision, expires FROM records
            WHERE partition = ?1 AND sort = ?2 AND (expires IS NULL OR expires > ?3)
            """
        case .list:
            """
            SELECT partition, sort, attributes, revision, expires FROM records
            WHERE partition = ?1 AND sort > ?3 AND (expires IS NULL OR expires > ?2) ORDER BY sort LIMIT ?4
            """
        case .scan:
            // Of one page, by the primary key. What gives arrivals their numbers is no record.
            """
            SELECT partition, sort, attributes, revision, expires FROM records
            WHERE (partition, sort) > (?1, ?2) AND (expires IS NULL OR expires > ?3) AND partition <> 'arrivals'
            ORDER BY partition, sort LIMIT ?4
            """
        case .put: Self.upsert
        case .putIfAbsent: Self.upsert + " WHERE records.expires <= ?5"
        case .putIfRevision:
            """
            UPDATE records SET attributes = ?3, revision = \(Self.newRevision), expires = ?4
            WHERE partition = ?1 AND sort = ?2 AND (expires IS NULL OR expires > ?5) AND revision = ?6
            """
        case .delete:
            """
            DELETE FROM records WHERE partition = ?1 AND sort = ?2 AND (expires IS NULL OR expires > ?3)
            RETURNING partition, sort, attributes, revision, expires
            """
        case .deleteIfRevision:
            """
            DELETE FROM records
            WHERE partition = ?1 AND sort = ?2 AND (expires IS NULL OR expires > ?3) AND revision = ?4
            """
        case .nextArrival:
            // The revision of a record that nobody reads is the counter: in the transaction it is one for all processes.
            """
            INSERT INTO records (partition, sort, attributes, revision) VALUES ('arrivals', 'last', '{}', ?1)
            ON CONFLICT (partition, sort) DO UPDATE SET revision = max(excluded.revision, records.revision + 1)
            RETURNING revision
            """
        case .purge:
            """
            DELETE FROM records WHERE (partition, sort) IN
            (SELECT partition, sort FROM records WHERE expires <= ?1 ORDER BY expires LIMIT 20)
            """
        }
    }

    /// Random rather than counted, so that a record made anew is not taken for the one that was deleted.
    private static let newRevision = "random() & 0x7fffffffffffffff"

    private static let upsert = """
        INSERT INTO records (partition, sort, attributes, revision, expires)
        VALUES (?1, ?2, ?3, \(newRevision), ?4)
        ON CONFLICT (partition, sort) DO UPDATE
        SET attributes = excluded.attributes, revision = excluded.revision, expires = excluded.expires
        """
}
