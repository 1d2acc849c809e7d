import COpenSSL

enum ECSignature {
    /// r and s, so many bytes each (RFC 7518 section 3.4), as the DER that OpenSSL verifies. Nil for another length, and
    /// when either is zero, which a verifier without that check takes for everything's signature (CVE-2022-21449).
    static func der(_ signature: [UInt8], size: Int) -> [UInt8]? {
        guard signature.count == 2 * size, signature[..<size].contains(where: { $0 != 0 }),
            signature[size...].contains(where: { $0 != 0 })
        else { return nil }
        let pair = ECDSA_SIG_new()
        defer { ECDSA_SIG_free(pair) }
        let r = BN_bin2bn(Array(signature[..<size]), Int32(size), nil)
        let s = BN_bin2bn(Array(signature[size...]), Int32(size), nil)
        guard ECDSA_SIG_set0(pair, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        // At most 3 bytes of header for the whole, and 3 and a leading zero for each number.
        var der = [UInt8](repeating: 0, count: 2 * size + 11)
        let count = der.withUnsafeMutableBufferPointer { buffer in
            var end = buffer.baseAddress
            return i2d_ECDSA_SIG(pair, &end)
        }
        return count > 0 ? Array(der[..<Int(count)]) : nil
    }
}
