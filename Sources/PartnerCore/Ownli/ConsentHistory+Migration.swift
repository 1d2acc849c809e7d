extension ConsentHistory {
    /// Whose a record is, if it is a consent or a withdrawal.
    static func subject(of key: RecordKey) -> String? {
        let prefix = partition("")
        return key.partition.hasPrefix(prefix) ? String(key.partition.dropFirst(prefix.count)) : nil
    }

    /// Of one of a person's records: a withdrawal without an end gets one, together with what it ends, and a consent of the
    /// first schema says that it is of the first period.
    ///
    /// - Parameter all: of the person's records, where it is a withdrawal without an end.
    /// - Returns: nil for what is as this build writes it.
    static func migration(
        of record: Record, among all: [Record], keptFor retention: Retention, at now: Timestamp
    ) throws(StoreError) -> RecordMigration? {
        guard let subject = subject(of: record.key) else { return nil }
        if Withdrawal.isKey(record.key) {
            let ended = try EndedConsents(all, of: subject)
            let transactions = ended.expiring(only: record.key, at: now, keptFor: retention)
            return transactions.isEmpty ? nil : RecordMigration(transactions)
        }
        guard try schema.version(of: record) < schema.newest else { return nil }
        let write = try Consent(record, of: subject).writing(over: record)
        return RecordMigration([[write]])
    }
}

extension Consent {
    /// What it says in the newest schema, in place of a record of it.
    fileprivate func writing(over record: Record) -> Write {
        var attributes = record.attributes
        attributes["period"] = "\(period)"
        attributes[RecordSchema.attribute] = ConsentHistory.schema.text
        return .put(record.key, attributes, expires: record.expires, if: .ifRevision(record.revision))
    }
}
