/// Gives people receipts of their consents, signed in the company's name.
public struct ConsentReceipts: Sendable {
    /// The company's name, as people know it.
    private let controller: String
    private let key: Ed25519PrivateKey

    init(controller: String, key: Ed25519PrivateKey) {
        self.controller = controller
        self.key = key
    }

    /// Reads CONSENT_CONTROLLER and RECEIPT_SIGNING_KEY. Nil where the first one is not set: then nobody gets receipts.
    public init?(reading settings: inout SettingsReader) {
        let name = "RECEIPT_SIGNING_KEY"
        let purpose = "base64 of 32 bytes: signs receipts of consents (Ed25519); required with CONSENT_CONTROLLER"
        let controller = settings.optionalText(
            "CONSENT_CONTROLLER", "your company's name, as people know it: it stands in receipts of their consents")
        guard let controller else {
            _ = settings.optionalSecretSource(name, purpose)
            return nil
        }
        if !Self.isName(controller) {
            settings.problem("CONSENT_CONTROLLER", "expected a name of 1 to 200 characters, without control characters")
        }
        let text = settings.secret(name, purpose).reveal()
        guard let key = Base64.decode(text).flatMap({ Ed25519PrivateKey($0) }) else {
            // A missing secret is a problem already.
            if !text.isEmpty {
                settings.problem(name, "expected base64 of 32 bytes, as openssl rand -base64 32 makes it")
            }
            return nil
        }
        self.init(controller: controller, key: key)
    }

    private static func isName(_ text: String) -> Bool {
        (1...200).contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// What verifies them.
    public var publicKey: Ed25519PublicKey { key.publicKey }

    /// One for each consent, those that have ended too, in the same order.
    public func receipts(of history: ConsentHistory) -> [String] {
        history.consents.compactMap { consent in
            let end = history.end(of: consent)
            // Of one that neither stands nor was withdrawn nothing can be said.
            guard end != nil || consent.period == history.period else { return nil }
            return ConsentReceipt(of: consent, endedBy: end, to: controller).signed(with: key)
        }
    }
}
