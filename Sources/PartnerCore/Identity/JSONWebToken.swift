/// A JSON Web Token as it came: taken apart, and nothing of it believed (RFC 7519, RFC 7515 section 7.1).
struct JSONWebToken {
    /// What a signature may be made with (RFC 7518 section 3.1). Whatever else a header names is refused: `none`, and
    /// above all HS256, whose secret would be our issuer's public key.
    enum Algorithm: Sendable, Equatable { case rs256, es256 }

    /// Bytes. Nothing is done with a token that is longer.
    static let longest = 16_384

    let algorithm: Algorithm
    let keyID: String?
    /// The header and the payload as they were signed.
    let signedText: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// Keys that a header brings along (`jwk`, `jku`, `x5c`, `x5u`) are the sender's word, and never looked at.
    init(_ text: String) throws(TokenError) {
        let bytes = text.utf8
        guard bytes.count <= Self.longest else { throw .tooLong }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .notThreeParts }
        let headerText = try Self.decoded(parts[0])
        payload = try Self.decoded(parts[1])
        signature = try Self.decoded(parts[2])
        signedText = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
        guard let header = try? JSON.parse(headerText), case .object = header else { throw .headerNotJSON }
        switch header["alg"]?.string {
        case "RS256": algorithm = .rs256
        case "ES256": algorithm = .es256
        default: throw .algorithmRefused
        }
        guard header["crit"] == nil else { throw .criticalHeader }
        switch header["kid"] {
        case nil: keyID = nil
        case .string(let text): keyID = text
        default: throw .keyIDNotText
        }
    }

    private static func decoded(_ part: Substring.UTF8View) throws(TokenError) -> [UInt8] {
        guard let bytes = Base64.decodeURL(String(decoding: part, as: UTF8.self)) else { throw .notBase64URL }
        return bytes
    }
}
