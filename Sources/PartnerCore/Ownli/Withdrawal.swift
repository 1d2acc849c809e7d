/// That a user of ours has taken back what they had agreed to.
public struct Withdrawal: Sendable, Equatable {
    /// Our user's id: the claim `sub`.
    public let subject: String
    /// Of the consents that it ended.
    public let period: Int
    /// By our own clock.
    public let withdrawnAt: Timestamp
    /// What they had agreed to, as it was found, the earliest first; none where a link was there without a consent.
    public let documents: [ConsentDocuments]
    /// Whom they were linked to, for whoever asks Ownli to forget them; nil when they were not linked.
    public let ownliUserID: String?
    /// When it is forgotten; nil where it is kept for good.
    public internal(set) var keptUntil: Timestamp?

    init(of history: ConsentHistory, at now: Timestamp, linkedTo ownliUserID: String?) {
        subject = history.subject
        period = history.period
        withdrawnAt = now
        documents = history.standing.map { $0.documents }
        self.ownliUserID = ownliUserID
    }
}

// As a record, beside the consents.

extension Withdrawal {
    /// Reads RETENTION_CONSENTS.
    public static func retention(reading settings: inout SettingsReader) -> Retention {
        Retention(
            "RETENTION_CONSENTS", default: "1827", reading: &settings,
            "how long a consent that was withdrawn is kept, with its withdrawal, from then on")
    }

    private static let prefix = "withdrawal/"

    static func isKey(_ key: RecordKey) -> Bool { key.sort.utf8.starts(with: prefix.utf8) }

    static func key(subject: String, period: Int) -> RecordKey {
        RecordKey(partition: ConsentHistory.partition(subject), sort: prefix + "\(period)")
    }

    var record: Write {
        var attributes = proof
        attributes["ownliUserId"] = ownliUserID
        return .put(Self.key(subject: subject, period: period), attributes, if: .ifAbsent)
    }

    /// All of it but who it was.
    var proof: [String: String] {
        [
            "period": "\(period)", "withdrawnAt": withdrawnAt.attribute, "documents": documentsText,
            RecordSchema.attribute: ConsentHistory.schema.text,
        ]
    }

    /// Says of a record that its person is erased.
    private static let erased = "erased"

    /// In place of a record of it: that this period is over, and nothing else. An opt-in that has read before it is refused
    /// by that, as it would be by the withdrawal.
    func end(over record: Record, until end: Timestamp) -> Write {
        let attributes = [
            "period": "\(period)", "withdrawnAt": withdrawnAt.attribute, "documents": "[]",
            RecordSchema.attribute: ConsentHistory.schema.text, Self.erased: "yes",
        ]
        return .put(record.key, attributes, expires: end, if: .ifRevision(record.revision))
    }

    static func isEnd(_ record: Record) -> Bool { isKey(record.key) && record.attributes[erased] != nil }

    init(_ record: Record, of subject: String) throws(StoreError) {
        try ConsentHistory.schema.check(record)
        self.subject = subject
        period = try record.count("period")
        withdrawnAt = try record.time("withdrawnAt")
        documents = try Self.documents(record.text("documents"))
        ownliUserID = record.attributes["ownliUserId"]
        keptUntil = record.expires
    }

    /// `[{"termsUrl","privacyUrl","version"}]`
    private var documentsText: String {
        let all = documents.map { each -> JSON in
            [
                "termsUrl": .string(each.termsURL), "privacyUrl": .string(each.privacyURL),
                "version": .string(each.version),
            ]
        }
        return String(decoding: JSON.array(all).text, as: UTF8.self)
    }

    private static func documents(_ text: String) throws(StoreError) -> [ConsentDocuments] {
        let unreadable = StoreError.unreadable(reason: "a withdrawal's documents are no list of documents")
        guard let all = (try? JSON.parse(Array(text.utf8)))?.array else { throw unreadable }
        var documents: [ConsentDocuments] = []
        for each in all {
            guard let terms = each["termsUrl"]?.string, let privacy = each["privacyUrl"]?.string,
                let version = each["version"]?.string
            else { throw unreadable }
            documents.append(ConsentDocuments(termsURL: terms, privacyURL: privacy, version: version))
        }
        return documents
    }
}
