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
        guard let x = bytes(jwk["x"]), x.count == 32, !isOfSmallOrder(x) else { return nil }
        return EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, x, x.count)
    }

    /// The points of order 1, 2, 4 and 8, which OpenSSL takes for keys: under them a signature that anybody can write
    /// down verifies for one text in eight, or for all (RFC 8032 section 8.9 leaves them to the caller). All zeros is one.
    private static func isOfSmallOrder(_ x: [UInt8]) -> Bool {
        // The last bit is the sign of the other coordinate.
        let y = x.dropLast() + [x[31] & 0x7f]
        return smallOrders.contains { $0.elementsEqual(y) }
    }

    /// Their y: 0, 1, -1, the two of order 8, and the two that can be written as more than the field's prime.
    private static let smallOrders: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
            0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
            0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
        [0xed] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [0xee] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    ]

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
