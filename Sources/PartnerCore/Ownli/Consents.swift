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
    /// How many times they had withdrawn before. The withdrawal of the same number ends it.
    public let period: Int

    public init(subject: String, documents: ConsentDocuments, acceptedAt: Timestamp, period: Int = 0) {
        self.subject = subject
        self.documents = documents
        self.acceptedAt = acceptedAt
        self.period = period
    }
}

/// Who accepted which documents, and when, and when they took it back: the proof that is asked for later. Nothing here is
/// ever changed or removed.
public struct Consents: Sendable {
    private let store: RecordStore

    public init(_ store: RecordStore) { self.store = store }

    /// Stores an acceptance. When the same documents are accepted again, the first time stands, until it is withdrawn.
    ///
    /// - Returns: what was there before.
    public func record(
        of documents: ConsentDocuments, by subject: String, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> ConsentHistory {
        let history = try history(subject: subject, in: invocation)
        guard !history.standing.contains(where: { $0.documents == documents }) else { return history }
        let consent = Consent(subject: subject, documents: documents, acceptedAt: now, period: history.period)
        do throws(StoreError) {
            try store.put(consent.key, consent.attributes, if: .ifAbsent, in: invocation)
        } catch {
            guard error == .conditionFailed else { throw error }
        }
        return history
    }

    public func history(subject: String, in invocation: Invocation) throws(StoreError) -> ConsentHistory {
        var consents: [Consent] = []
        var withdrawals: [Withdrawal] = []
        for record in try store.list(partition: ConsentHistory.partition(subject), in: invocation) {
            if Withdrawal.isKey(record.key) {
                withdrawals.append(try Withdrawal(record, of: subject))
            } else {
                consents.append(try Consent(record, of: subject))
            }
        }
        return ConsentHistory(
            subject: subject, consents: consents.sorted { $0.acceptedAt < $1.acceptedAt },
            withdrawals: withdrawals.sorted { $0.period < $1.period })
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

    fileprivate var attributes: [String: String] {
        var attributes = documents.attributes
        attributes["acceptedAt"] = acceptedAt.attribute
        attributes["period"] = "\(period)"
        attributes[ConsentHistory.schema] = ConsentHistory.newestSchema
        return attributes
    }

    fileprivate init(_ record: Record, of subject: String) throws(StoreError) {
        try ConsentHistory.checkSchema(record)
        self.init(
            subject: subject, documents: try ConsentDocuments(record), acceptedAt: try record.time("acceptedAt"),
            period: record.attributes["period"] == nil ? 0 : try record.count("period"))
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
