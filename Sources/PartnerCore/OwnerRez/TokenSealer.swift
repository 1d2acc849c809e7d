import COpenSSL

/// Seals tokens for the store: AES-256-GCM (NIST SP 800-38D) with a nonce at random for each, and with the record's key
/// as additional data, so that what is moved to another record does not open there.
///
/// A sealed text is `keyID.base64url(nonce, ciphertext, tag)`: with the key's id in it, keys can be rotated.
public struct TokenSealer: Sendable {
    private struct Key: Sendable {
        let id: String
        let bytes: [UInt8]
    }

    private static let nonceLength = 12
    private static let tagLength = 16

    /// The first seals; all of them open.
    private let keys: [Key]

    /// Reads TOKEN_ENCRYPTION_KEYS: `id:base64-of-32-bytes`, comma-separated.
    public init(reading settings: inout SettingsReader) {
        let name = "TOKEN_ENCRYPTION_KEYS"
        let text = settings.secret(
            name, "id:base64-of-32-bytes, comma-separated: the first one seals stored tokens, all of them open")
        var keys: [Key] = []
        let expected = "expected id:base64-of-32-bytes, comma-separated, as in k1:$(openssl rand -base64 32)"
        if !text.reveal().isEmpty && text.reveal().commaSeparated.isEmpty { settings.problem(name, expected) }
        for part in text.reveal().commaSeparated {
            guard let key = Self.key(part) else {
                settings.problem(name, expected)
                break
            }
            guard !keys.contains(where: { $0.id == key.id }) else {
                settings.problem(name, "two keys have the same id")
                break
            }
            keys.append(key)
        }
        self.keys = keys
    }

    /// With one key of 32 bytes.
    init(sealingWith key: [UInt8]) { keys = [Key(id: "1", bytes: key)] }

    /// Where no key is known: it opens nothing, and seals nothing.
    init() { keys = [] }

    /// An id is of 1 to 32 letters, digits, `_` and `-`.
    private static func key(_ text: String) -> Key? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, (1...32).contains(parts[0].utf8.count),
            parts[0].utf8.allSatisfy({ $0.isASCIIAlphanumeric || "_-".utf8.contains($0) }),
            let bytes = Base64.decode(parts[1]), bytes.count == 32
        else { return nil }
        return Key(id: parts[0], bytes: bytes)
    }

    func seal(_ secret: Secret, in record: RecordKey) -> String {
        let key = keys[0]
        let nonce = randomBytes(Self.nonceLength)
        let (ciphertext, tag) = Self.encrypt(
            Array(secret.reveal().utf8), key.bytes, nonce, additionalData: Self.identity(record))
        return "\(key.id).\(Base64.encodeURL(nonce + ciphertext + tag))"
    }

    /// Whether it is sealed with the key that seals now, as far as the key's id says.
    func isUnderFirstKey(_ sealed: String) -> Bool { sealed.hasPrefix(keys[0].id + ".") }

    /// In their order.
    var keyIDs: [String] { keys.map { $0.id } }

    /// By which key a text is sealed; as it says, and nobody has opened it for that.
    static func keyID(of sealed: String) -> String {
        String(sealed.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)[0])
    }

    func open(_ sealed: String, in record: RecordKey) throws(SealError) -> Secret {
        let parts = sealed.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, let bytes = Base64.decodeURL(parts[1]),
            bytes.count >= Self.nonceLength + Self.tagLength
        else { throw .notSealed }
        guard let key = keys.first(where: { $0.id == parts[0] }) else { throw .keyUnknown }
        let plaintext = Self.decrypt(
            Array(bytes[Self.nonceLength..<(bytes.count - Self.tagLength)]), key.bytes,
            Array(bytes.prefix(Self.nonceLength)), Array(bytes.suffix(Self.tagLength)),
            additionalData: Self.identity(record))
        guard let plaintext else { throw .notAuthentic }
        return Secret(String(decoding: plaintext, as: UTF8.self))
    }

    /// As a JSON array no two keys have the same text.
    private static func identity(_ record: RecordKey) -> [UInt8] {
        JSON.array([.string(record.partition), .string(record.sort)]).text
    }

    private static func encrypt(
        _ plaintext: [UInt8], _ key: [UInt8], _ nonce: [UInt8], additionalData: [UInt8]
    ) -> (ciphertext: [UInt8], tag: [UInt8]) {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: tagLength)
        var count: Int32 = 0
        let isSealed =
            EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_EncryptUpdate(context, nil, &count, additionalData, Int32(additionalData.count)) == 1
            && EVP_EncryptUpdate(context, &ciphertext, &count, plaintext, Int32(plaintext.count)) == 1
            && EVP_EncryptFinal_ex(context, nil, &count) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        precondition(isSealed, "no AES-256-GCM")
        return (ciphertext, tag)
    }

    private static func decrypt(
        _ ciphertext: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ tag: [UInt8], additionalData: [UInt8]
    ) -> [UInt8]? {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
        var tag = tag
        var count: Int32 = 0
        let isAuthentic =
            EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_DecryptUpdate(context, nil, &count, additionalData, Int32(additionalData.count)) == 1
            && EVP_DecryptUpdate(context, &plaintext, &count, ciphertext, Int32(ciphertext.count)) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1
            && EVP_DecryptFinal_ex(context, nil, &count) == 1
        return isAuthentic ? plaintext : nil
    }
}

/// Why a sealed text does not open.
public enum SealError: Error, Sendable, Equatable {
    case notSealed
    /// Its key is not in TOKEN_ENCRYPTION_KEYS any more.
    case keyUnknown
    /// It was changed, sealed with another key of the same id, or moved here from another record.
    case notAuthentic

    var description: String {
        switch self {
        case .notSealed: "a stored token is not sealed"
        case .keyUnknown: "a stored token's key is not in TOKEN_ENCRYPTION_KEYS"
        case .notAuthentic: "a stored token was changed, or sealed with another key of the same id"
        }
    }
}
