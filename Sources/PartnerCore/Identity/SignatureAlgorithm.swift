import COpenSSL

/// What a token's signature may be made with (RFC 7518 section 3.1, RFC 8037 section 3.1). Whatever else a header names is
/// refused: `none`, and above all HS256, whose secret would be our issuer's public key.
enum SignatureAlgorithm: Sendable {
    case rs256, rs384, rs512
    case ps256, ps384, ps512
    case es256, es384, es512
    case ed25519

    /// By the name that a header or a key has for it.
    init?(_ name: ExactText) {
        switch name {
        case "RS256": self = .rs256
        case "RS384": self = .rs384
        case "RS512": self = .rs512
        case "PS256": self = .ps256
        case "PS384": self = .ps384
        case "PS512": self = .ps512
        case "ES256": self = .es256
        case "ES384": self = .es384
        case "ES512": self = .es512
        case "EdDSA", "Ed25519": self = .ed25519  // RFC 9864 gives it the second name
        default: return nil
        }
    }

    enum KeyType: Sendable { case rsa, p256, p384, p521, ed25519 }

    /// What kind of key it takes, so that none is ever used for what it was not made for.
    var keyType: KeyType {
        switch self {
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa
        case .es256: .p256
        case .es384: .p384
        case .es512: .p521
        case .ed25519: .ed25519
        }
    }

    /// Nil for the one that has its hash built in.
    var digest: OpaquePointer? {
        switch self {
        case .rs256, .ps256, .es256: EVP_sha256()
        case .rs384, .ps384, .es384: EVP_sha384()
        case .rs512, .ps512, .es512: EVP_sha512()
        case .ed25519: nil
        }
    }

    /// RSASSA-PSS, whose salt is as long as the hash (RFC 7518 section 3.5).
    var isPSS: Bool {
        switch self {
        case .ps256, .ps384, .ps512: true
        case .rs256, .rs384, .rs512, .es256, .es384, .es512, .ed25519: false
        }
    }
}

extension SignatureAlgorithm.KeyType {
    /// Bytes of a number of the curve's; nil for what has no such numbers.
    var coordinateSize: Int? {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        case .rsa, .ed25519: nil
        }
    }
}
