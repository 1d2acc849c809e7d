import COpenSSL

/// A public key of the issuer's, for one algorithm.
final class VerificationKey: @unchecked Sendable {
    let id: String?
    let algorithm: JSONWebToken.Algorithm
    /// Only read once it is made, which OpenSSL allows on many threads.
    private let key: OpaquePointer

    /// Weaker RSA keys are refused (RFC 7518 section 3.3); larger ones cost too much to verify with.
    private static let rsaBits: ClosedRange<Int32> = 2048...8192

    /// From a JSON Web Key (RFC 7517). Nil when it is not for verifying RS256 or ES256, or no sound key.
    init?(_ jwk: JSON) {
        guard jwk["use"] == nil || jwk["use"] == "sig", Self.mayVerify(jwk["key_ops"]) else { return nil }
        let made: OpaquePointer?
        switch (jwk["kty"]?.string, jwk["alg"]?.string) {
        case ("RSA", nil), ("RSA", "RS256"):
            algorithm = .rs256
            made = Self.rsa(jwk)
        case ("EC", nil), ("EC", "ES256"):
            algorithm = .es256
            made = Self.p256(jwk)
        default: return nil
        }
        guard let made else { return nil }
        id = jwk["kid"]?.string
        key = made
    }

    deinit { EVP_PKEY_free(key) }

    func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        switch algorithm {
        case .rs256: digestVerifies(signature, text)
        case .es256: Self.der(signature).map { digestVerifies($0, text) } ?? false
        }
    }

    private func digestVerifies(_ signature: [UInt8], _ text: [UInt8]) -> Bool {
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, text, text.count) == 1
    }

    private static func mayVerify(_ operations: JSON?) -> Bool {
        operations == nil || (operations?.array ?? []).contains("verify")
    }

    private static func rsa(_ jwk: JSON) -> OpaquePointer? {
        guard let modulus = bytes(jwk["n"]), let exponent = bytes(jwk["e"]) else { return nil }
        // 1 would make every text its own signature; none in use is longer than 4 bytes.
        guard exponent.count <= 4, exponent.last.map({ $0 & 1 == 1 }) == true else { return nil }
        guard let n = BN_bin2bn(modulus, Int32(modulus.count), nil) else { return nil }
        defer { BN_free(n) }
        guard let e = BN_bin2bn(exponent, Int32(exponent.count), nil) else { return nil }
        defer { BN_free(e) }
        guard rsaBits.contains(BN_num_bits(n)), BN_is_word(e, 1) == 0 else { return nil }
        return make("RSA") { copenssl_push_rsa($0, n, e) == 1 }
    }

    private static func p256(_ jwk: JSON) -> OpaquePointer? {
        guard jwk["crv"] == "P-256", let x = bytes(jwk["x"]), let y = bytes(jwk["y"]), x.count == 32, y.count == 32
        else { return nil }
        let point = [4] + x + y
        // OpenSSL refuses a point that is not on the curve.
        return point.withUnsafeBufferPointer { point in
            make("EC") { copenssl_push_p256($0, point.baseAddress, point.count) == 1 }
        }
    }

    /// JSON Web Keys are small: the members of the largest key we take are about 1 kB.
    private static func bytes(_ member: JSON?) -> [UInt8]? {
        guard let text = member?.string, (1...4096).contains(text.utf8.count) else { return nil }
        return Base64.decodeURL(text)
    }

    private static func make(_ type: String, _ push: (OpaquePointer) -> Bool) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        guard push(builder), let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(context, &key, copenssl_public_key, parameters) == 1
        else { return nil }
        return key
    }

    /// r and s, 32 bytes each (RFC 7518 section 3.4), as the DER that OpenSSL verifies. Nil for another length, and when
    /// either is zero, which a verifier without that check takes for everything's signature (CVE-2022-21449).
    private static func der(_ signature: [UInt8]) -> [UInt8]? {
        guard signature.count == 64, signature[..<32].contains(where: { $0 != 0 }),
            signature[32...].contains(where: { $0 != 0 })
        else { return nil }
        let pair = ECDSA_SIG_new()
        defer { ECDSA_SIG_free(pair) }
        let r = BN_bin2bn(Array(signature[..<32]), 32, nil)
        let s = BN_bin2bn(Array(signature[32...]), 32, nil)
        guard ECDSA_SIG_set0(pair, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        // At most 2 bytes of header for the whole, and 3 for each number.
        var der = [UInt8](repeating: 0, count: 72)
        let count = der.withUnsafeMutableBufferPointer { buffer in
            var end = buffer.baseAddress
            return i2d_ECDSA_SIG(pair, &end)
        }
        return count > 0 ? Array(der[..<Int(count)]) : nil
    }
}
