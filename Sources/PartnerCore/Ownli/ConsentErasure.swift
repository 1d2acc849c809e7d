/// What becomes of somebody's consents and withdrawals when they are erased. The proofs go to where nobody is named,
/// each record in one transaction, and stay for as long as they would have been kept.
///
/// In a withdrawal's place its bare end stays for a day, which is longer than any invocation takes and any clocks
/// differ. It refuses an opt-in that has read before the withdrawal. So there is never a link without a known consent.
struct ConsentErasure {
    struct Outcome {
        var consents = 0
        var withdrawals = 0
        var kept = KeptUntil.nothing
    }

    private let removal: Removal
    private let consents: Consents
    private let erased: ErasedSubject

    static let endSeconds = 86_400
    /// More calls of one person than these do not come at once.
    private static let attempts = 10

    init(_ removal: Removal, _ erased: ErasedSubject) {
        self.removal = removal
        self.erased = erased
        consents = Consents(removal.store)
    }

    /// Takes what has ended; what stands, stays.
    ///
    /// - Parameter isAllEnded: whether what stands counts as ended: for a look at what would be done.
    func run(
        _ subject: String, isAllEnded: Bool = false, at now: Timestamp, in work: LongWork
    ) throws(StoreError) -> Outcome {
        var outcome = Outcome()
        for _ in 0..<Self.attempts {
            if try runOnce(subject, isAllEnded: isAllEnded, at: now, &outcome, in: work) { return outcome }
        }
        throw .conditionFailed
    }

    /// - Returns: false when somebody else has changed something meanwhile.
    private func runOnce(
        _ subject: String, isAllEnded: Bool, at now: Timestamp, _ outcome: inout Outcome, in work: LongWork
    ) throws(StoreError) -> Bool {
        let records = try consents.records(subject: subject, in: work.step())
        let period = try ConsentHistory(records, of: subject).period
        // Withdrawals last: until then they tell who it was at Ownli.
        for record in records where !Withdrawal.isKey(record.key) {
            let consent = try Consent(record, of: subject)
            guard isAllEnded || consent.period < period else { continue }
            let proof = proof("consent/", consent.acceptedAt, consent.attributes, of: record)
            let deletion = Write.delete(record.key, if: .ifRevision(record.revision))
            guard try removal.transact([proof, deletion], in: work.step()) else { return false }
            outcome.consents += 1
            outcome.kept.lengthen(to: record.expires)
        }
        for record in records where Withdrawal.isKey(record.key) && !Withdrawal.isEnd(record) {
            let withdrawal = try Withdrawal(record, of: subject)
            let proof = proof("withdrawal/", withdrawal.withdrawnAt, withdrawal.proof, of: record)
            let end = withdrawal.end(over: record, until: now.adding(seconds: Self.endSeconds))
            guard try removal.transact([proof, end], in: work.step()) else { return false }
            outcome.withdrawals += 1
            outcome.kept.lengthen(to: record.expires)
        }
        return true
    }

    /// Whoever comes back begins with the first period again: so it is found by its time, and by a digest of what it says.
    private func proof(
        _ kind: String, _ time: Timestamp, _ attributes: [String: String], of record: Record
    ) -> Write {
        let digest: String = hexadecimal(Array(sha256(Array(record.key.sort.utf8)).prefix(8)))
        let key = RecordKey(partition: erased.partition, sort: "\(kind)\(time.rfc3339)#\(digest)")
        return .put(key, attributes, expires: record.expires)
    }
}
