import COpenSSL

/// A key that signs with Ed25519 (RFC 8032).
public final class Ed25519PrivateKey: @unchecked Sendable {
    /// Only read once it is made, which OpenSSL allows on many threads.
    private let key: OpaquePointer

    /// Nil unless it is 32 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32, let key = EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, bytes, bytes.count)
        else { return nil }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// What verifies its signatures.
    public var publicKey: Ed25519PublicKey {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        precondition(EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 && count == 32, "no public key")
        return Ed25519PublicKey(bytes)
    }

    /// 64 bytes, and always the same ones for a text.
    func signature(of text: [UInt8]) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        let isSigned =
            EVP_DigestSignInit(context, nil, nil, nil, key) == 1
            && EVP_DigestSign(context, &signature, &count, text, text.count) == 1
        precondition(isSigned && count == 64, "no Ed25519")
        return signature
    }
}
