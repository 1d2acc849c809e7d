/// A JSON Web Token as it came: taken apart, and nothing of it believed (RFC 7519, RFC 7515 section 7.1).
struct JSONWebToken {
    /// Bytes. Nothing is done with a token that is longer.
    static let longest = 16_384

    let header: JSON
    let algorithm: SignatureAlgorithm
    let keyID: ExactText?
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
        self.header = header
        guard let algorithm = header["alg"]?.exact.flatMap({ SignatureAlgorithm($0) }) else { throw .algorithmRefused }
        self.algorithm = algorithm
        guard header["crit"] == nil else { throw .criticalHeader }
        switch header["kid"]?.present {
        case nil: keyID = nil
        case .string(let text): keyID = ExactText(text)
        default: throw .keyIDNotText
        }
    }

    private static func decoded(_ part: Substring.UTF8View) throws(TokenError) -> [UInt8] {
        guard let bytes = Base64.decodeURL(String(decoding: part, as: UTF8.self)) else { throw .notBase64URL }
        return bytes
    }
}
