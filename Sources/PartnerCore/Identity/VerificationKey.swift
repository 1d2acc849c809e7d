import COpenSSL

/// A public key of the issuer's.
final class VerificationKey: @unchecked Sendable {
    let id: ExactText?
    private let type: SignatureAlgorithm.KeyType
    /// The one algorithm that the issuer keeps the key to; nil for all of its type.
    private let algorithm: SignatureAlgorithm?
    /// Only read once it is made, which OpenSSL allows on many threads.
    private let key: OpaquePointer

    /// From a JSON Web Key (RFC 7517). Nil when it is not for verifying signatures of ours, or no sound key. A member
    /// that is null is as good as absent.
    init?(_ jwk: JSON) {
        guard (jwk["use"]?.present ?? "sig").exact == "sig", Self.mayVerify(jwk["key_ops"]?.present) else { return nil }
        switch jwk["alg"]?.present {
        case nil: algorithm = nil
        case let name?:
            guard let known = name.exact.flatMap({ SignatureAlgorithm($0) }) else { return nil }
            algorithm = known
        }
        switch jwk["kid"]?.present {
        case nil: id = nil
        case .string(let text): id = ExactText(text)
        default: return nil
        }
        guard let made = PublicKey(jwk) else { return nil }
        guard algorithm == nil || algorithm?.keyType == made.type else {
            EVP_PKEY_free(made.key)
            return nil
        }
        (type, key) = (made.type, made.key)
    }

    deinit { EVP_PKEY_free(key) }

    func fits(_ algorithm: SignatureAlgorithm) -> Bool {
        type == algorithm.keyType && (self.algorithm == nil || self.algorithm == algorithm)
    }

    /// Whether both are one key, whatever they are called.
    func isSame(as other: VerificationKey) -> Bool { EVP_PKEY_eq(key, other.key) == 1 }

    func verifies(_ token: JSONWebToken) -> Bool {
        guard fits(token.algorithm) else { return false }
        guard let size = type.coordinateSize else { return digestVerifies(token, token.signature) }
        return ECSignature.der(token.signature, size: size).map { digestVerifies(token, $0) } ?? false
    }

    private func digestVerifies(_ token: JSONWebToken, _ signature: [UInt8]) -> Bool {
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var options: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &options, token.algorithm.digest, nil, key) == 1 else { return false }
        if token.algorithm.isPSS {
            guard EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        return EVP_DigestVerify(context, signature, signature.count, token.signedText, token.signedText.count) == 1
    }

    private static func mayVerify(_ operations: JSON?) -> Bool {
        operations == nil || (operations?.array ?? []).contains { $0.exact == "verify" }
    }
}
