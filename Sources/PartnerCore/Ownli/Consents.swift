/// The documents that a person agrees to, as they were at that time.
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
            "OWNLI_TERMS_URL", default: "https://www.ownli.co/terms-of-service", "Ownli's Terms of Service")
        privacyURL = settings.text(
            "OWNLI_PRIVACY_URL",
            default: "https://support.ownli.co/hc/en-us/articles/360011276138-Ownli-Privacy-Policy",
            "Ownli's Privacy Policy")
        version = settings.text(
            "OWNLI_TERMS_VERSION", default: "1", "your number for these documents; change it when they change")
    }
}

/// That a person agreed, when by our clock, and to what.
public struct Consent: Sendable, Equatable {
    public let subject: String
    public let documents: ConsentDocuments
    public let acceptedAt: Timestamp

    public init(subject: String, documents: ConsentDocuments, acceptedAt: Timestamp) {
        self.subject = subject
        self.documents = documents
        self.acceptedAt = acceptedAt
    }
}

public struct Consents: Sendable {
    private let records: RecordStore

    public init(_ store: RecordStore) { records = store }

    /// Keeps the consent. Agreeing to the same documents again is the same consent: the first time stands.
    public func store(_ consent: Consent, in invocation: Invocation) throws(FunctionError) {
        let documents = consent.documents
        let key = RecordKey(
            "consent#" + consent.subject, "\(documents.version) \(documents.termsURL) \(documents.privacyURL)")
        do throws(StoreError) {
            try records.put(
                key,
                [
                    "termsUrl": documents.termsURL, "privacyUrl": documents.privacyURL, "version": documents.version,
                    "acceptedAt": "\(consent.acceptedAt.epochMilliseconds)",
                ], if: .ifAbsent, in: invocation)
        } catch {
            guard error == .conditionFailed else { throw error.functionError }
        }
    }

    /// All that a person ever agreed to, for whoever has to prove it.
    public func all(subject: String, in invocation: Invocation) throws(FunctionError) -> [Consent] {
        do throws(StoreError) {
            return try records.list(partition: "consent#" + subject, in: invocation).map { record in
                Consent(
                    subject: subject,
                    documents: ConsentDocuments(
                        termsURL: record.attributes["termsUrl"] ?? "",
                        privacyURL: record.attributes["privacyUrl"] ?? "",
                        version: record.attributes["version"] ?? ""),
                    acceptedAt: Timestamp(
                        epochMilliseconds: record.attributes["acceptedAt"].flatMap { Int($0) } ?? 0))
            }
        } catch { throw error.functionError }
    }
}
