/// Keyed hashes of what identifies people: HMAC-SHA-256 (RFC 2104). Phone numbers and e-mail addresses are few enough to
/// try them all, so that a plain hash would hide nothing from whoever reads the store.
public struct IdentifierHash: Sendable {
    private let key: [UInt8]

    /// Reads IDENTIFIER_HASH_KEY: 32 bytes in base64.
    public init(reading settings: inout SettingsReader) {
        let name = "IDENTIFIER_HASH_KEY"
        let purpose = "base64 of 32 bytes: what people are known by is stored hashed with it"
        let text = settings.secret(name, purpose).reveal()
        let key = Base64.decode(text) ?? []
        // A missing secret is a problem already.
        if key.count != 32 && !text.isEmpty {
            settings.problem(name, "expected base64 of 32 bytes, as openssl rand -base64 32 makes it")
        }
        self.key = key
    }

    /// A key of 32 bytes that is made of this one.
    ///
    /// - Parameter purpose: keys for one purpose tell nothing of those for another.
    func key(for purpose: String) -> [UInt8] {
        hmacSHA256(JSON.array(["key", .string(purpose)]).text, key: key)
    }

    /// - Parameter purpose: hashes for one purpose cannot be compared with those for another.
    /// - Returns: 64 hexadecimal digits.
    public func hash(_ parts: [String], for purpose: String) -> String {
        // As a JSON array no two lists have the same text.
        let list = JSON.array(([purpose] + parts).map { .string($0) })
        return hexadecimal(hmacSHA256(list.text, key: key))
    }
}
