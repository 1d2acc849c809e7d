import COpenSSL

/// Base64 (RFC 4648), strict: OpenSSL's decoder overlooks white space, misplaced padding and stray bits, so only the one
/// text that the bytes encode to is taken.
enum Base64 {
    /// In the standard alphabet (section 4), padded.
    static func encode(_ bytes: [UInt8]) -> String { String(decoding: encoded(bytes), as: UTF8.self) }

    /// In the URL-safe alphabet (section 5), not padded.
    static func encodeURL(_ bytes: [UInt8]) -> String {
        let symbols = encoded(bytes).compactMap { (byte) -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: symbols, as: UTF8.self)
    }

    /// From the standard alphabet, padded. Nil for anything else.
    static func decode(_ text: String) -> [UInt8]? { decoded(Array(text.utf8)) }

    /// From the URL-safe alphabet (section 5), not padded, as JSON Web Tokens have it (RFC 7515 section 2). Nil for
    /// anything else.
    static func decodeURL(_ text: String) -> [UInt8]? { decodeURL(Array(text.utf8)) }

    static func decodeURL(_ text: [UInt8]) -> [UInt8]? {
        var symbols = text
        for index in symbols.indices {
            switch symbols[index] {
            case UInt8(ascii: "-"): symbols[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): symbols[index] = UInt8(ascii: "/")
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: continue
            }
        }
        while symbols.count % 4 != 0 { symbols.append(UInt8(ascii: "=")) }
        return decoded(symbols)
    }

    private static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        // EVP_EncodeBlock ends the text with a NUL.
        var symbols = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        EVP_EncodeBlock(&symbols, bytes, Int32(bytes.count))
        symbols.removeLast()
        return symbols
    }

    private static func decoded(_ symbols: [UInt8]) -> [UInt8]? {
        guard let count = Int32(exactly: symbols.count), count % 4 == 0 else { return nil }
        let padding = symbols.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes = [UInt8](repeating: 0, count: symbols.count / 4 * 3)
        guard EVP_DecodeBlock(&bytes, symbols, count) == bytes.count else { return nil }
        bytes.removeLast(padding)
        return encoded(bytes) == symbols ? bytes : nil
    }
}
