/// The documents that a user accepts. With other addresses or another version they are other documents.
public struct ConsentDocuments: Sendable, Equatable {
    public let termsURL: String
    public let privacyURL: String
    public let version: String

    public init(termsURL: String, privacyURL: String, version: String) {
        self.termsURL = termsURL
        self.privacyURL = privacyURL
        self.version = version
    }

    public static func == (left: ConsentDocuments, right: ConsentDocuments) -> Bool {
        left.termsURL == right.termsURL && left.privacyURL == right.privacyURL && left.version == right.version
    }

    public init(reading settings: inout SettingsReader) {
        termsURL = settings.text(
            "OWNLI_TERMS_URL", expected: "the address", "Ownli's Terms of Service, as people are shown them")
        privacyURL = settings.text(
            "OWNLI_PRIVACY_URL",
            default: "https://support.ownli.co/hc/en-us/articles/360011276138-Ownli-Privacy-Policy",
            "Ownli's Privacy Policy, likewise")
        version = settings.text(
            "OWNLI_TERMS_VERSION", expected: "a date or number", "of these documents, as kept with each consent")
    }
}

/// That a user of ours has accepted Ownli's documents.
public struct Consent: Sendable, Equatable {
    /// Our user's id: the claim `sub`.
    public let subject: String
    public let documents: ConsentDocuments
    /// By our own clock.
    public let acceptedAt: Timestamp
    /// How many times they had withdrawn before, as far as that is kept. The withdrawal of the same number ends it.
    public let period: Int
    /// When it is forgotten: some time after it has ended; nil while it stands, or where it is kept for good.
    public internal(set) var keptUntil: Timestamp?

    public init(subject: String, documents: ConsentDocuments, acceptedAt: Timestamp, period: Int = 0) {
        self.subject = subject
        self.documents = documents
        self.acceptedAt = acceptedAt
        self.period = period
    }
}

/// Who accepted which documents, and when, and when they took it back: the proof that is asked for later. What it says
/// is never changed. What stands is never removed. What has ended goes at the time that `Withdrawals` gives it.
public struct Consents: Sendable {
    public enum Acceptance: Sendable, Equatable {
        /// It is stored, or was before. With what was there before.
        case accepted(ConsentHistory)
        /// They have withdrawn since this began. Nothing was stored.
        case withdrawn
    }

    private let store: RecordStore

    public init(_ store: RecordStore) { self.store = store }

    /// More calls of one person than these do not come at once.
    private static let attempts = 10

    /// Stores an acceptance. When the same documents are accepted again, the first time stands, until it is withdrawn.
    public func record(
        of documents: ConsentDocuments, by subject: String, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> Acceptance {
        let before = try history(subject: subject, in: invocation)
        var history = before
        for _ in 0..<Self.attempts {
            guard !history.standing.contains(where: { $0.documents == documents }) else { return .accepted(history) }
            do throws(StoreError) {
                try add(documents, to: history, at: now, in: invocation)
                return .accepted(history)
            } catch {
                guard error == .conditionFailed else { throw error }
            }
            history = try self.history(subject: subject, in: invocation)
            guard history.period == before.period else { return .withdrawn }
        }
        throw .conditionFailed
    }

    /// Stores an acceptance, unless it is there or they have withdrawn since the history was read: nothing comes behind
    /// the withdrawal that would end it.
    func add(
        _ documents: ConsentDocuments, to history: ConsentHistory, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) {
        let consent = Consent(
            subject: history.subject, documents: documents, acceptedAt: now, period: history.period)
        try store.transact(
            [.put(consent.key, consent.attributes, if: .ifAbsent), history.isNotWithdrawn(at: now)], in: invocation)
    }

    public func history(subject: String, in invocation: Invocation) throws(StoreError) -> ConsentHistory {
        try ConsentHistory(records(subject: subject, in: invocation), of: subject)
    }

    /// What a history is made of.
    func records(subject: String, in invocation: Invocation) throws(StoreError) -> [Record] {
        try store.list(partition: ConsentHistory.partition(subject), in: invocation)
    }
}

extension Consent {
    /// As a JSON array no two sets of documents have the same text. Those of the first period are where builds that knew
    /// of no other have put them.
    fileprivate var key: RecordKey {
        let parts: JSON = [
            .string(documents.version), .string(documents.termsURL), .string(documents.privacyURL),
        ]
        let text = String(decoding: parts.text, as: UTF8.self)
        return RecordKey(
            partition: ConsentHistory.partition(subject), sort: period == 0 ? text : text + "/\(period)")
    }

    /// It names nobody.
    var attributes: [String: String] {
        var attributes = documents.attributes
        attributes["acceptedAt"] = acceptedAt.attribute
        attributes["period"] = "\(period)"
        attributes[RecordSchema.attribute] = ConsentHistory.schema.text
        return attributes
    }

    init(_ record: Record, of subject: String) throws(StoreError) {
        try ConsentHistory.schema.check(record)
        self.init(
            subject: subject, documents: try ConsentDocuments(record), acceptedAt: try record.time("acceptedAt"),
            period: record.attributes["period"] == nil ? 0 : try record.count("period"))
        keptUntil = record.expires
    }
}

extension ConsentDocuments {
    fileprivate var attributes: [String: String] {
        ["termsUrl": termsURL, "privacyUrl": privacyURL, "version": version]
    }

    fileprivate init(_ record: Record) throws(StoreError) {
        self.init(
            termsURL: try record.text("termsUrl"), privacyURL: try record.text("privacyUrl"),
            version: try record.text("version"))
    }
}
