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

    public init(subject: String, documents: ConsentDocuments, acceptedAt: Timestamp) {
        self.subject = subject
        self.documents = documents
        self.acceptedAt = acceptedAt
    }
}

/// Who accepted which documents, and when: the proof that is asked for later. Nothing here is ever changed or removed.
public struct Consents: Sendable {
    private let store: RecordStore

    public init(_ store: RecordStore) { self.store = store }

    /// Stores an acceptance. When the same documents are accepted again, the first time stands.
    public func record(_ consent: Consent, in invocation: Invocation) throws(StoreError) {
        let documents = consent.documents
        let attributes = [
            "termsUrl": documents.termsURL, "privacyUrl": documents.privacyURL, "version": documents.version,
            "acceptedAt": consent.acceptedAt.attribute,
        ]
        do throws(StoreError) {
            try store.put(Self.key(consent), attributes, if: .ifAbsent, in: invocation)
        } catch {
            guard error == .conditionFailed else { throw error }
        }
    }

    /// All that the user has accepted, the earliest first.
    public func all(subject: String, in invocation: Invocation) throws(StoreError) -> [Consent] {
        var consents: [Consent] = []
        for record in try store.list(partition: Self.partition(subject), in: invocation) {
            let documents = ConsentDocuments(
                termsURL: try record.text("termsUrl"), privacyURL: try record.text("privacyUrl"),
                version: try record.text("version"))
            consents.append(
                Consent(subject: subject, documents: documents, acceptedAt: try record.time("acceptedAt")))
        }
        return consents.sorted { $0.acceptedAt < $1.acceptedAt }
    }

    private static func partition(_ subject: String) -> String { "consent#\(subject)" }

    /// As a JSON array no two sets of documents have the same text.
    private static func key(_ consent: Consent) -> RecordKey {
        let documents = consent.documents
        let parts: JSON = [
            .string(documents.version), .string(documents.termsURL), .string(documents.privacyURL),
        ]
        return RecordKey(partition: partition(consent.subject), sort: String(decoding: parts.text, as: UTF8.self))
    }
}
