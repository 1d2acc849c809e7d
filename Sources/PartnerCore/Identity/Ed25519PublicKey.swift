/// What is public of an Ed25519 key, as others keep it: a JSON Web Key (RFC 8037 section 2).
public struct Ed25519PublicKey: Sendable, Equatable {
    /// 32 bytes.
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// From `{"kty":"OKP","crv":"Ed25519","x":".."}`. Nil for any other key; what it calls itself is not looked at.
    public init?(_ jwk: JSON) {
        guard let x = jwk["x"]?.string, let bytes = Base64.decodeURL(x),
            let key = VerificationKey(jwk), key.fits(.ed25519)
        else { return nil }
        self.bytes = bytes
    }

    /// `{"kty":"OKP","crv":"Ed25519","x":"..","kid":"..","alg":"EdDSA","use":"sig"}`, the id being its thumbprint.
    public var jwk: JSON {
        [
            "kty": "OKP", "crv": "Ed25519", "x": .string(x), "kid": .string(thumbprint), "alg": "EdDSA", "use": "sig",
        ]
    }

    /// SHA-256 in base64url of its required members, in the order of their names (RFC 7638, RFC 8037 section 2).
    public var thumbprint: String {
        let members: JSON = ["crv": "Ed25519", "kty": "OKP", "x": .string(x)]
        return Base64.encodeURL(sha256(members.text))
    }

    private var x: String { Base64.encodeURL(bytes) }

    func verifies(_ token: JSONWebToken) -> Bool { VerificationKey(jwk)?.verifies(token) ?? false }
}
