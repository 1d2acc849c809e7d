/// What brings a record to the shape in which this build writes it.
struct RecordMigration: Sendable, Equatable {
    /// To be done one after the other. Each finds the record as it was read, or does nothing.
    let transactions: [[Write]]
    /// Whether the record goes, since its time is over.
    let isRemoval: Bool

    init(_ transactions: [[Write]], isRemoval: Bool = false) {
        self.transactions = transactions
        self.isRemoval = isRemoval
    }

    /// Gives a record a time at which it goes; at once, if that has come. DynamoDB would keep what has expired years
    /// ago.
    static func expiring(_ record: Record, at end: Timestamp, now: Timestamp) -> RecordMigration {
        let condition = Condition.ifRevision(record.revision)
        guard end > now else { return RecordMigration([[.delete(record.key, if: condition)]], isRemoval: true) }
        return RecordMigration([[.put(record.key, record.attributes, expires: end, if: condition)]])
    }
}
