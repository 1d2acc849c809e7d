extension RewardEntry {
    /// Of an entry's record by reference: one of the first schema is listed by user too from now on, and goes when its time
    /// is over.
    ///
    /// - Returns: nil for what is as this build writes it.
    static func migration(
        of record: Record, keptFor retention: Retention, at now: Timestamp
    ) throws(StoreError) -> RecordMigration? {
        guard try schema.version(of: record) < schema.newest else { return nil }
        let entry = try RewardEntry(record)
        guard entry.key == record.key else {
            throw .unreadable(reason: "a reward's record is where another's would be")
        }
        let condition = Condition.ifRevision(record.revision)
        if let end = retention.end(from: entry.askedAt), end <= now {
            return RecordMigration([entry.deletions(if: condition)], isRemoval: true)
        }
        return RecordMigration([entry.writes(besides: record.attributes, if: condition, keptFor: retention)])
    }
}
