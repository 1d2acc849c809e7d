extension EventInbox {
    /// Of an event that was kept or given up without an end: it counts from when the event was received, as the record says
    /// nothing of when it was put there; from now on, where it is no event.
    ///
    /// - Returns: nil for what is as this build writes it.
    static func migration(
        of record: Record, keptFor retention: EventRetention, at now: Timestamp
    ) throws(StoreError) -> RecordMigration? {
        try WaitingEvent.schema.check(record)
        let isKept = record.key.partition == kept
        let receivedAt = Arrival.time(in: record.key.sort) ?? now
        guard record.expires == nil,
            let end = (isKept ? retention.kept : retention.givenUp).end(from: receivedAt)
        else { return nil }
        return .expiring(record, at: end, now: now)
    }
}
