/// What a person has withdrawn, and what the withdrawals are: records that are kept for some time and then go.
///
/// A withdrawal goes a day after the last of what it ends. While clocks differ by less, nobody sees a consent whose
/// withdrawal is gone, and which seems to stand.
struct EndedConsents {
    private struct Ended {
        let withdrawal: Withdrawal
        let record: Record
        var consents: [Record] = []
    }

    private var all: [Ended] = []

    private static let marginSeconds = 86_400
    /// Of writes that a transaction takes.
    private static let batch = 100

    init(_ records: [Record], of subject: String) throws(StoreError) {
        for record in records where Withdrawal.isKey(record.key) {
            all.append(Ended(withdrawal: try Withdrawal(record, of: subject), record: record))
        }
        all.sort { $0.withdrawal.period < $1.withdrawal.period }
        for record in records where !Withdrawal.isKey(record.key) {
            let period = try Consent(record, of: subject).period
            // Where its own withdrawal is gone, though it should not be, it goes with the next one.
            guard let index = all.firstIndex(where: { $0.withdrawal.period >= period }) else { continue }
            all[index].consents.append(record)
        }
    }

    /// What has no end yet gets one, in transactions to be done one after the other.
    ///
    /// - Parameter key: of the withdrawal whose turn it is; nil: all of them.
    func expiring(only key: RecordKey? = nil, at now: Timestamp, keptFor retention: Retention) -> [[Write]] {
        var consents: [Write] = []
        var withdrawals: [Write] = []
        for ended in all where key.map({ $0 == ended.record.key }) ?? true {
            // An end that was given once stays, whatever the setting has become.
            let given = ended.record.expires?.adding(seconds: -Self.marginSeconds)
            guard let end = given ?? retention.end(from: ended.withdrawal.withdrawnAt) else { continue }
            var last = max(end, now)
            for record in ended.consents {
                if let expires = record.expires {
                    last = max(last, expires)
                } else {
                    consents.append(record.expiring(max(end, now)))
                }
            }
            guard given == nil else { continue }
            withdrawals.append(ended.record.expiring(last.adding(seconds: Self.marginSeconds)))
        }
        // In this order: killed in between, the withdrawals are what stays.
        let writes = consents + withdrawals
        return stride(from: 0, to: writes.count, by: Self.batch).map { start in
            Array(writes[start..<min(start + Self.batch, writes.count)])
        }
    }
}

extension Record {
    /// The same, with an end.
    fileprivate func expiring(_ end: Timestamp) -> Write {
        .put(key, attributes, expires: end, if: .ifRevision(revision))
    }
}
