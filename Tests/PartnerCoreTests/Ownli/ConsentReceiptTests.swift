import Testing

@testable import PartnerCore

@Suite("Receipts of consents")
struct ConsentReceiptTests {
    private static let documents = ConsentDocuments(
        termsURL: "https://ownli.example/terms", privacyURL: "https://ownli.example/privacy", version: "2026-04")
    private static let key = Ed25519PrivateKey((0..<32).map { UInt8($0) })!
    private static let other = Ed25519PrivateKey((1...32).map { UInt8($0) })!

    private static func history(withdrawn: Bool = false) -> ConsentHistory {
        let consent = Consent(
            subject: "user-42", documents: documents, acceptedAt: Timestamp(epochMilliseconds: 1_800_000_000_123))
        let standing = ConsentHistory(subject: "user-42", consents: [consent], withdrawals: [])
        guard withdrawn else { return standing }
        let withdrawal = Withdrawal(
            of: standing, at: Timestamp(epochMilliseconds: 1_800_000_900_456), linkedTo: "XT_USR1")
        return ConsentHistory(subject: "user-42", consents: [consent], withdrawals: [withdrawal])
    }

    private static let issuer = ConsentReceipts(controller: "Shop & Söhne", key: key)
    private static let receipt = issuer.receipts(of: history())[0]

    private func part(_ index: Int, of receipt: String) throws -> String {
        let part = String(receipt.split(separator: ".")[index])
        return String(decoding: try #require(Base64.decodeURL(part)), as: UTF8.self)
    }

    @Test("what is signed, to the byte")
    func literal() throws {
        #expect(
            try part(0, of: Self.receipt)
                == #"{"typ":"consent-receipt+jws","alg":"EdDSA","kid":"\#(Self.key.publicKey.thumbprint)"}"#)
        let expected =
            #"{"schema_version":"partner-functions/consent-receipt/1","#
            + #""receipt_id":"RECEIPT","record_id":"RECORD","#
            + #""pii_principal_id":"user-42","#
            + #""privacy_notice":{"url":"https://ownli.example/privacy","version":"2026-04"},"#
            + #""terms_of_service":{"url":"https://ownli.example/terms","version":"2026-04"},"language":"en","#
            + #""purposes":[{"purpose":"to be made a user of Ownli's, who can be granted rewards there","#
            + #""lawful_basis":"consent","pii_information":[{"pii_type":"name"},{"pii_type":"phone number"},"#
            + #"{"pii_type":"e-mail address","pii_optional":true},{"pii_type":"address"}],"#
            + #""pii_controllers":["company"],"recipient_third_parties":["ownli"],"#
            + #""withdrawal_method":"DELETE /api/ownli/users/me"}],"party_identification":["#
            + #"{"party_id":"company","party_name":"Shop & Söhne","party_role":"controller"},"#
            + #"{"party_id":"ownli","party_name":"Ownli","party_role":"recipient"}],"#
            + #""events":[{"event_time":"2027-01-15T08:00:00.123Z","event_type":"explicit","event_state":"given","#
            + #""entity_id":"user-42"}]}"#
        let receipt = ConsentReceipt(of: Self.history().consents[0], endedBy: nil, to: "Shop & Söhne")
        #expect(
            try part(1, of: Self.receipt)
                == expected.replacing("RECEIPT", with: receipt.receiptID).replacing("RECORD", with: receipt.recordID))
    }

    @Test("one that was withdrawn says so, and when")
    func withdrawn() throws {
        let text = Self.issuer.receipts(of: Self.history(withdrawn: true))[0]
        let payload = try JSON.parse(Array(part(1, of: text).utf8))
        let events = try #require(payload["events"]?.array)
        #expect(events.map { $0["event_state"]?.string } == ["given", "withdrawn"])
        #expect(events.map { $0["event_time"]?.string } == ["2027-01-15T08:00:00.123Z", "2027-01-15T08:15:00.456Z"])
        let receipt = try ConsentReceipt(text, verifiedWith: Self.key.publicKey)
        #expect(receipt.withdrawnAt == Timestamp(epochMilliseconds: 1_800_000_900_456))
        #expect(receipt.documents == Self.documents && receipt.controller == "Shop & Söhne")
    }

    @Test("ids are UUIDs: the consent's own, whatever becomes of it; the receipt's, until it says something else")
    func ids() throws {
        let given = try ConsentReceipt(Self.receipt, verifiedWith: Self.key.publicKey)
        let withdrawn = try ConsentReceipt(
            Self.issuer.receipts(of: Self.history(withdrawn: true))[0], verifiedWith: Self.key.publicKey)
        // RFC 9562 section 5.8: version 8.
        let form = /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for id in [given.recordID, given.receiptID, withdrawn.receiptID] {
            #expect(id.wholeMatch(of: form) != nil, "\(id)")
        }
        #expect(given.recordID == withdrawn.recordID && given.receiptID != withdrawn.receiptID)
        #expect(Self.issuer.receipts(of: Self.history())[0] == Self.receipt, "and so the text is the same")
        // By Python's uuid and hashlib, of the list as compact JSON.
        #expect(given.recordID == "867cbc20-5680-8799-affe-379a19622a92")
    }

    @Test("there is one for each consent, in the same order, and none for what neither stands nor was withdrawn")
    func several() throws {
        func consent(_ version: String, _ period: Int) -> Consent {
            Consent(
                subject: "user-42", documents: .version(version),
                acceptedAt: Timestamp(epochSeconds: 1_800_000_000 + 10 * period), period: period)
        }
        let first = ConsentHistory(subject: "user-42", consents: [consent("1", 0)], withdrawals: [])
        let withdrawal = Withdrawal(of: first, at: Timestamp(epochSeconds: 1_800_000_005), linkedTo: nil)
        let all = [consent("1", 0), consent("2", 0), consent("1", 1)]
        let history = ConsentHistory(subject: "user-42", consents: all, withdrawals: [withdrawal])
        let receipts = try Self.issuer.receipts(of: history).map {
            try ConsentReceipt($0, verifiedWith: Self.key.publicKey)
        }
        #expect(receipts.map { $0.documents.version } == ["1", "2", "1"])
        #expect(receipts.map { $0.withdrawnAt?.epochSeconds } == [1_800_000_005, 1_800_000_005, nil])
        let alone = ConsentHistory(subject: "user-42", consents: [consent("1", 0), consent("2", 1)], withdrawals: [])
        #expect(Self.issuer.receipts(of: alone).count == 1)
        #expect(Self.issuer.receipts(of: ConsentHistory(subject: "user-42", consents: [], withdrawals: [])) == [])
    }

    @Test("not one byte of it may be another, be missing or come besides")
    func everyByte() throws {
        func isTaken(_ bytes: [UInt8]) -> Bool {
            let text = String(decoding: bytes, as: UTF8.self)
            return (try? ConsentReceipt(text, verifiedWith: Self.key.publicKey)) != nil
        }
        let receipt = Array(Self.receipt.utf8)
        #expect(isTaken(receipt))
        var taken: [Int] = []
        for position in receipt.indices {
            for byte in [receipt[position] ^ 1, receipt[position] ^ 0x20, UInt8(ascii: "."), UInt8(ascii: "A")]
            where byte != receipt[position] {
                var changed = receipt
                changed[position] = byte
                if isTaken(changed) { taken.append(position) }
            }
            var shorter = receipt
            shorter.remove(at: position)
            var longer = receipt
            longer.insert(UInt8(ascii: "A"), at: position)
            if isTaken(shorter) || isTaken(longer) { taken.append(position) }
        }
        #expect(taken == [])
        for text in [Self.receipt + "A", Self.receipt + "=", " " + Self.receipt, Self.receipt + "\n", ""] {
            #expect(!isTaken(Array(text.utf8)))
        }
    }

    @Test("another key does not verify it, nor does another's signature under its name")
    func otherKey() throws {
        #expect(throws: ReceiptError.keyUnknown) {
            try ConsentReceipt(Self.receipt, verifiedWith: Self.other.publicKey)
        }
        let forged = signed(header(), part(1), with: Self.other)
        #expect(throws: ReceiptError.signatureWrong) { try ConsentReceipt(forged, verifiedWith: Self.key.publicKey) }
    }

    private func part(_ index: Int) -> String { (try? part(index, of: Self.receipt)) ?? "" }

    private func header(alg: String = "EdDSA", typ: String = "consent-receipt+jws") -> String {
        #"{"typ":"\#(typ)","alg":"\#(alg)","kid":"\#(Self.key.publicKey.thumbprint)"}"#
    }

    private func signed(_ header: String, _ payload: String, with key: Ed25519PrivateKey = key) -> String {
        let text = Base64.encodeURL(Array(header.utf8)) + "." + Base64.encodeURL(Array(payload.utf8))
        return text + "." + Base64.encodeURL(key.signature(of: Array(text.utf8)))
    }

    @Test("only EdDSA counts, and only what is called a receipt, though the signature be right")
    func headers() throws {
        func error(_ header: String) -> ReceiptError? {
            do throws(ReceiptError) {
                _ = try ConsentReceipt(signed(header, part(1)), verifiedWith: Self.key.publicKey)
                return nil
            } catch { return error }
        }
        #expect(error(header()) == nil)
        for alg in ["Ed25519", "ES256", "RS256"] { #expect(error(header(alg: alg)) == .algorithmRefused) }
        for alg in ["none", "HS256", "eddsa", ""] { #expect(error(header(alg: alg)) != nil) }
        for typ in ["JWT", "consent-receipt", "consent-receipt+jws ", "Consent-Receipt+JWS", ""] {
            #expect(error(header(typ: typ)) == .noReceipt)
        }
        #expect(error(header().replacing(#""typ":"consent-receipt+jws","#, with: "")) == .noReceipt)
        #expect(error(header().replacing("kid", with: "kids")) == .keyUnknown)
        #expect(error(header().replacing("}", with: #","crit":["exp"]}"#)) != nil)
    }

    @Test("what is signed has to be a receipt, and nothing more")
    func payloads() throws {
        let good = part(1)
        let wrong = [
            "{}", "[]", "null", "", "receipt", good.replacing("/1\"", with: "/2\""),
            good.replacing("given", with: "withdrawn"), good.replacing("explicit", with: "implicit"),
            good.replacing(#""language":"en","#, with: ""), good.replacing("user-42", with: "user-43"),
            good.replacing("2027-01-15T08:00:00.123Z", with: "2027-01-15T08:00:00.123+00:00"),
            good.replacing("2027-01-15T08:00:00.123Z", with: "2027-01-15T08:00:00.124Z"),
            good.replacing(#""events":[{"#, with: #""events":[],"others":[{"#), good.dropLast() + #","more":1}"#,
        ]
        for payload in wrong {
            #expect(throws: ReceiptError.notUnderstood, "\(payload)") {
                try ConsentReceipt(signed(header(), payload), verifiedWith: Self.key.publicKey)
            }
        }
    }
}

@Suite("Settings of receipts")
struct ConsentReceiptSettingsTests {
    private static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private func read(_ environment: [String: String]) -> (receipts: ConsentReceipts?, problems: [String]) {
        var settings = SettingsReader(Environment(environment))
        let receipts = ConsentReceipts(reading: &settings)
        return (receipts, settings.problems.map { $0.name })
    }

    @Test("without the company's name there are none, key or not")
    func none() {
        #expect(read([:]).receipts == nil && read([:]).problems == [])
        #expect(read(["RECEIPT_SIGNING_KEY": Self.key]).receipts == nil)
    }

    @Test("with it the key is required")
    func required() {
        #expect(read(["CONSENT_CONTROLLER": "Shop"]).problems == ["RECEIPT_SIGNING_KEY"])
        let found = read(["CONSENT_CONTROLLER": "Shop", "RECEIPT_SIGNING_KEY": Self.key])
        #expect(found.problems == [] && found.receipts != nil)
    }

    @Test(
        "a key is 32 bytes in base64",
        arguments: ["c2hvcnQ=", "nonsense", key + key, String(key.dropLast()), " " + key])
    func keys(text: String) {
        let found = read(["CONSENT_CONTROLLER": "Shop", "RECEIPT_SIGNING_KEY": text])
        #expect(found.problems == ["RECEIPT_SIGNING_KEY"] && found.receipts == nil)
    }

    @Test("a name is one", arguments: ["a\nb", "a\u{7f}", String(repeating: "a", count: 201)])
    func names(text: String) {
        #expect(
            read(["CONSENT_CONTROLLER": text, "RECEIPT_SIGNING_KEY": Self.key]).problems == ["CONSENT_CONTROLLER"])
    }
}
