import COpenSSL

/// A key for OpenSSL, made of the members of a JSON Web Key (RFC 7518 section 6, RFC 8037 section 2).
struct PublicKey {
    let type: SignatureAlgorithm.KeyType
    /// Whoever has made it frees it.
    let key: OpaquePointer

    /// Weaker RSA keys are refused (RFC 7518 section 3.3); larger ones cost too much to verify with.
    private static let rsaBits: ClosedRange<Int32> = 2048...8192

    /// Nil for another type, and for no sound key.
    init?(_ jwk: JSON) {
        let made: OpaquePointer?
        switch (jwk["kty"]?.exact, jwk["crv"]?.exact) {
        case ("RSA", _): (type, made) = (.rsa, Self.rsa(jwk))
        case ("EC", "P-256"): (type, made) = (.p256, Self.point(jwk, .p256))
        case ("EC", "P-384"): (type, made) = (.p384, Self.point(jwk, .p384))
        case ("EC", "P-521"): (type, made) = (.p521, Self.point(jwk, .p521))
        case ("OKP", "Ed25519"): (type, made) = (.ed25519, Self.ed25519(jwk))
        default: return nil
        }
        guard let made else { return nil }
        key = made
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

    private static func point(_ jwk: JSON, _ type: SignatureAlgorithm.KeyType) -> OpaquePointer? {
        guard let x = bytes(jwk["x"]), let y = bytes(jwk["y"]), x.count == type.coordinateSize, y.count == x.count
        else { return nil }
        let point = [4] + x + y
        // OpenSSL refuses a point that is not on the curve.
        return point.withUnsafeBufferPointer { point in
            make("EC") { copenssl_push_point($0, point.baseAddress, point.count) == 1 }
        }
    }

    private static func ed25519(_ jwk: JSON) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard let x = bytes(jwk["x"]), x.count == 32 else { return nil }
        return EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, x, x.count)
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
}
