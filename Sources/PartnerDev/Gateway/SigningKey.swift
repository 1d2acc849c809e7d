import COpenSSL
import Foundation

/// An RSA key of 2048 bits, made when it is needed and never written down, for signatures of RS256 (RFC 7518 section
/// 3.3).
final class SigningKey: @unchecked Sendable {
    private let key: OpaquePointer

    init() {
        let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_generate(context, &key) == 1, let key else {
            fatalError("OpenSSL makes no RSA key")
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    func signature(of bytes: [UInt8]) -> [UInt8] {
        let digest = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(digest) }
        var count = Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSignInit(digest, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(digest, &signature, &count, bytes, bytes.count) == 1
        else { fatalError("OpenSSL does not sign") }
        return Array(signature.prefix(count))
    }

    func hasSigned(_ bytes: [UInt8], with signature: [UInt8]) -> Bool {
        let digest = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(digest) }
        return EVP_DigestVerifyInit(digest, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(digest, signature, signature.count, bytes, bytes.count) == 1
    }

    /// `n` and `e` of its JSON Web Key (RFC 7518 section 6.3.1), big-endian.
    var modulus: [UInt8] { parameter(OSSL_PKEY_PARAM_RSA_N) }
    var exponent: [UInt8] { parameter(OSSL_PKEY_PARAM_RSA_E) }

    private func parameter(_ name: String) -> [UInt8] {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1 else { return [] }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: (Int(BN_num_bits(number)) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }
}
