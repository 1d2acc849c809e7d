// As it is handed out: a compact JSON Web Signature (RFC 7515) by Ed25519 (RFC 8037), which anybody verifies who has the
// company's public key, without asking anybody.

extension ConsentReceipt {
    private static let type = "consent-receipt+jws"
    private static let algorithm = "EdDSA"

    func signed(with key: Ed25519PrivateKey) -> String {
        let header: JSON = [
            "typ": .string(Self.type), "alg": .string(Self.algorithm), "kid": .string(key.publicKey.thumbprint),
        ]
        let text = Base64.encodeURL(header.text) + "." + Base64.encodeURL(payload.text)
        return text + "." + Base64.encodeURL(key.signature(of: Array(text.utf8)))
    }

    /// - Throws: unless it is a receipt that was signed with this key, to the last byte.
    public init(_ text: String, verifiedWith key: Ed25519PublicKey) throws(ReceiptError) {
        let token: JSONWebToken
        do throws(TokenError) { token = try JSONWebToken(text) } catch { throw .notSigned(error.description) }
        guard token.header["alg"]?.exact == ExactText(Self.algorithm) else { throw .algorithmRefused }
        guard token.header["typ"]?.exact == ExactText(Self.type) else { throw .noReceipt }
        guard token.keyID == ExactText(key.thumbprint) else { throw .keyUnknown }
        guard key.verifies(token) else { throw .signatureWrong }
        guard let payload = try? JSON.parse(token.payload), let receipt = ConsentReceipt(payload: payload) else {
            throw .notUnderstood
        }
        self = receipt
    }
}

/// Why a text is no receipt that anybody has to believe.
public enum ReceiptError: Error, Sendable, Equatable {
    /// It is no JSON Web Signature; with the reason.
    case notSigned(String)
    case algorithmRefused
    /// Something else was signed.
    case noReceipt
    /// It names another key.
    case keyUnknown
    case signatureWrong
    /// It is signed, and not in a form of this build's.
    case notUnderstood

    public var description: String {
        switch self {
        case .notSigned(let reason): "it is not signed as receipts are: \(reason)"
        case .algorithmRefused: "it is not signed with EdDSA"
        case .noReceipt: "what was signed is no receipt"
        case .keyUnknown: "it was signed with another key"
        case .signatureWrong: "it was changed, or the signature is not of this key"
        case .notUnderstood: "its content is of another build's form"
        }
    }
}
