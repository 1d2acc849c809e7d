/// What a person is given of a consent of theirs, to show to others: who agreed to which documents, whose, and when; and
/// when they withdrew it, if they did.
///
/// Its fields are those of ISO/IEC TS 27560:2023, as far as anybody here knows what belongs into them:
///
///     schema_version        partner-functions/consent-receipt/1, which this describes
///     receipt_id            a UUID: the same for the same receipt, another one once the consent is withdrawn
///     record_id             a UUID: the consent's own, which stays
///     pii_principal_id      our user's id, the claim `sub`: nothing else says who it is
///     privacy_notice        url and version of Ownli's Privacy Policy, as it was shown
///     language              en: what people agree to is one sentence of Ownli's, word for word
///     purposes              one: purpose, lawful_basis, pii_information (pii_type, pii_optional: what kinds of data an
///                           opt-in gives to Ownli, never the data), pii_controllers, recipient_third_parties,
///                           withdrawal_method
///     party_identification  the company and Ownli: party_id, party_name, party_role
///     events                given, and withdrawn: event_time, event_type (explicit), event_state, entity_id
///
/// One is ours: terms_of_service, url and version, which were agreed to beside the privacy notice. Left out is what only
/// the company knows, though the specification asks for it: storage_locations, retention_period, jurisdiction, and the
/// parties' address and contact; and validity_duration, since a consent holds until it is withdrawn.
public struct ConsentReceipt: Sendable, Equatable {
    static let schemaVersion = "partner-functions/consent-receipt/1"

    /// Our user's id: the claim `sub`.
    public let subject: String
    /// The company's name, as people know it.
    public let controller: String
    public let documents: ConsentDocuments
    public let acceptedAt: Timestamp
    /// Nil while the consent stands.
    public let withdrawnAt: Timestamp?

    /// - Parameter withdrawal: what has ended it, if anything has.
    init(of consent: Consent, endedBy withdrawal: Withdrawal?, to controller: String) {
        subject = consent.subject
        self.controller = controller
        documents = consent.documents
        acceptedAt = consent.acceptedAt
        withdrawnAt = withdrawal?.withdrawnAt
    }

    /// The consent's, however often it is told of.
    public var recordID: String {
        Self.uuid([
            .string(subject), .string(documents.version), .string(documents.termsURL), .string(documents.privacyURL),
            .integer(acceptedAt.epochMilliseconds),
        ])
    }

    public var receiptID: String {
        Self.uuid([
            .string(Self.schemaVersion), .string(recordID), .string(controller),
            withdrawnAt.map { .integer($0.epochMilliseconds) } ?? .null,
        ])
    }

    /// Of what it is about, in version 8 (RFC 9562 section 5.8): the same for the same.
    private static func uuid(_ parts: [JSON]) -> String {
        var bytes = Array(sha256(JSON.array(parts).text).prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let parts = [bytes[..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10...]]
        return parts.map { hexadecimal(Array($0)) }.joined(separator: "-")
    }
}

// As JSON, which is what is signed.

extension ConsentReceipt {
    private static let company = "company"
    private static let ownli = "ownli"

    var payload: JSON {
        [
            "schema_version": .string(Self.schemaVersion), "receipt_id": .string(receiptID),
            "record_id": .string(recordID), "pii_principal_id": .string(subject),
            "privacy_notice": ["url": .string(documents.privacyURL), "version": .string(documents.version)],
            "terms_of_service": ["url": .string(documents.termsURL), "version": .string(documents.version)],
            "language": "en", "purposes": [Self.purpose],
            "party_identification": [
                ["party_id": .string(Self.company), "party_name": .string(controller), "party_role": "controller"],
                ["party_id": .string(Self.ownli), "party_name": "Ownli", "party_role": "recipient"],
            ],
            "events": .array(
                [event("given", at: acceptedAt)] + (withdrawnAt.map { [event("withdrawn", at: $0)] } ?? [])),
        ]
    }

    /// What an opt-in is for, and gives to Ownli.
    private static let purpose: JSON = [
        "purpose": "to be made a user of Ownli's, who can be granted rewards there", "lawful_basis": "consent",
        "pii_information": [
            ["pii_type": "name"], ["pii_type": "phone number"],
            ["pii_type": "e-mail address", "pii_optional": true], ["pii_type": "address"],
        ],
        "pii_controllers": [.string(company)], "recipient_third_parties": [.string(ownli)],
        "withdrawal_method": "DELETE /api/ownli/users/me",
    ]

    private func event(_ state: String, at time: Timestamp) -> JSON {
        [
            "event_time": .string(time.rfc3339), "event_type": "explicit", "event_state": .string(state),
            "entity_id": .string(subject),
        ]
    }

    /// Nil for what is no such receipt.
    init?(payload: JSON) {
        guard payload["schema_version"]?.exact == ExactText(Self.schemaVersion),
            let subject = payload["pii_principal_id"]?.string,
            let terms = payload["terms_of_service"]?["url"]?.string,
            let privacy = payload["privacy_notice"]?["url"]?.string,
            let version = payload["privacy_notice"]?["version"]?.string,
            let controller = payload["party_identification"]?.array?.first?["party_name"]?.string,
            let events = payload["events"]?.array, (1...2).contains(events.count)
        else { return nil }
        let times = events.compactMap { $0["event_time"]?.string.flatMap { Timestamp(rfc3339: $0) } }
        guard times.count == events.count else { return nil }
        self.subject = subject
        self.controller = controller
        documents = ConsentDocuments(termsURL: terms, privacyURL: privacy, version: version)
        acceptedAt = times[0]
        withdrawnAt = times.count == 2 ? times[1] : nil
        // All that it says follows from these.
        guard self.payload == payload else { return nil }
    }
}
