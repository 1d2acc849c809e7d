import PartnerCore

extension Command {
    static let consentsVerifyReceipt = Command(
        name: ["consents", "verify-receipt"],
        summary: "whether receipts of consents were signed by this company and say what was signed; asks nobody",
        parameters: [Parameter("FILE", "a receipt a line; -: standard input")],
        options: [Option("--key", "JWK-FILE", "the public key, as consents receipt-key prints it; else the settings'")]
    ) { settings in
        let receipts = ConsentReceipts(reading: &settings)
        return { (arguments, session) throws(AdminError) in
            let key: Ed25519PublicKey
            if let path = arguments.option("--key") {
                key = try publicKey(session.input(path))
            } else if let receipts {
                key = receipts.publicKey
            } else {
                throw .usage("--key JWK-FILE: the settings have no CONSENT_CONTROLLER, and so no key")
            }
            let reader = try session.input(arguments["FILE"])
            var count = 0
            while let line = try reader.next() {
                guard let text = String(validating: line, as: UTF8.self), !text.isEmpty else { continue }
                count += 1
                let row: JSON
                do throws(ReceiptError) { row = try ConsentReceipt(text, verifiedWith: key).json } catch {
                    session.tellOfTrouble()
                    row = ["verified": false, "reason": .string(error.description)]
                }
                try session.output.row(row)
            }
            guard count > 0 else { throw .usage("there is no receipt in the input") }
        }
    }

    static let consentsReceiptKey = Command(
        name: ["consents", "receipt-key"],
        summary: "the public key that verifies receipts, as a JSON Web Key to be published", layout: .lines
    ) { settings in
        let receipts = ConsentReceipts(reading: &settings)
        return { (_, session) throws(AdminError) in
            guard let receipts else { throw .notFound("Nobody gets receipts: CONSENT_CONTROLLER is not set") }
            try session.output.row(receipts.publicKey.jwk)
        }
    }

    private static func publicKey(_ reader: LineReader) throws(AdminError) -> Ed25519PublicKey {
        var text: [UInt8] = []
        while let line = try reader.next() { text += line + [UInt8(ascii: "\n")] }
        guard let json = try? JSON.parse(text), let key = Ed25519PublicKey(json) else {
            throw .usage("--key: the file holds no public key of Ed25519 as a JSON Web Key")
        }
        return key
    }
}

extension ConsentReceipt {
    fileprivate var json: JSON {
        [
            "verified": true, "subject": .string(subject), "controller": .string(controller),
            "version": .string(documents.version), "termsUrl": .string(documents.termsURL),
            "privacyUrl": .string(documents.privacyURL), "acceptedAt": .string(acceptedAt.rfc3339),
            "withdrawnAt": withdrawnAt.map { .string($0.rfc3339) } ?? .null, "receiptId": .string(receiptID),
        ]
    }
}
