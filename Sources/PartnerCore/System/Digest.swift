import COpenSSL

/// SHA-256 (FIPS 180-4): 32 bytes.
func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    precondition(EVP_Q_digest(nil, "SHA256", nil, bytes, bytes.count, &digest, nil) == 1, "no SHA-256")
    return digest
}

/// HMAC-SHA-256 (RFC 2104): 32 bytes.
func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    var count = 0
    let isMade =
        EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, bytes, bytes.count, &code, code.count, &count) != nil
    precondition(isMade && count == 32, "no HMAC-SHA-256")
    return code
}

/// A text's hash as a Content-Security-Policy has it (CSP Level 3 section 2.3.1): `sha256-..`.
public func contentHash(_ text: String) -> String { "sha256-" + Base64.encode(sha256(Array(text.utf8))) }

/// Whether two secrets are the same. The time that this takes tells neither how much of them is, nor how long they are.
func isSameSecret(_ left: String, _ right: String) -> Bool {
    CRYPTO_memcmp(sha256(Array(left.utf8)), sha256(Array(right.utf8)), 32) == 0
}
