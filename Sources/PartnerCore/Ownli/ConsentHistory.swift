/// All that one person has agreed to, and taken back.
///
/// What they agree to before they withdraw for the first time is their first period; after it begins the next one. So a
/// withdrawal ends what it found, and also what an opt-in stores beside it at the same moment. The clocks of two
/// machines decide nothing.
///
/// What has ended is kept for some time. When nothing of it is left they begin with the first period again, or go on with
/// that of what stands.
public struct ConsentHistory: Sendable, Equatable {
    /// Our user's id: the claim `sub`.
    public let subject: String
    /// The earliest first.
    public let consents: [Consent]
    /// The first one first.
    public let withdrawals: [Withdrawal]

    /// That of what they agree to now.
    public var period: Int {
        max(withdrawals.last.map { $0.period + 1 } ?? 0, consents.map { $0.period }.max() ?? 0)
    }

    /// What they have not withdrawn.
    public var standing: [Consent] { consents.filter { $0.period == period } }

    /// What has ended a consent; nil while it stands.
    public func end(of consent: Consent) -> Withdrawal? { withdrawals.first { $0.period >= consent.period } }

    /// Whom they have been at Ownli, and are no more, as far as it is kept.
    public var formerOwnliUserIDs: [String] { withdrawals.compactMap { $0.ownliUserID } }

    /// Holds unless they have withdrawn meanwhile. It leaves a record that has expired, by everybody's clock, and counts
    /// as absent: so whoever links needs no right to delete what proves a consent.
    func isNotWithdrawn(at now: Timestamp) -> Write {
        // Longer ago than any clock is behind. DynamoDB leaves alone what has expired for five years.
        let yearBefore = now.adding(seconds: -365 * 86_400)
        return .put(Withdrawal.key(subject: subject, period: period), [:], expires: yearBefore, if: .ifAbsent)
    }

    /// The same for those who may delete such a record, and leave nothing.
    var isStillNotWithdrawn: Write { .delete(Withdrawal.key(subject: subject, period: period), if: .ifAbsent) }

    /// Whose partition it is.
    static func subject(of partition: String) -> String {
        String(Substring(partition.utf8.dropFirst(self.partition("").utf8.count)))
    }

    static func partition(_ subject: String) -> String { "consent#\(subject)" }
}

extension ConsentHistory {
    init(_ records: [Record], of subject: String) throws(StoreError) {
        var consents: [Consent] = []
        var withdrawals: [Withdrawal] = []
        for record in records {
            if Withdrawal.isKey(record.key) {
                withdrawals.append(try Withdrawal(record, of: subject))
            } else {
                consents.append(try Consent(record, of: subject))
            }
        }
        self.init(
            subject: subject, consents: consents.sorted { $0.acceptedAt < $1.acceptedAt },
            withdrawals: withdrawals.sorted { $0.period < $1.period })
    }

    /// 1: without a period; 2: with it, and with withdrawals.
    static let schema = RecordSchema(kind: "a consent's", newest: 2)
}
