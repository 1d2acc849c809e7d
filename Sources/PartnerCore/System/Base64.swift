import COpenSSL

/// Base64 (RFC 4648 section 4), strict: OpenSSL's decoder overlooks white space and misplaced padding, so the text is
/// checked first.
enum Base64 {
    /// Nil unless the text is whole groups of the standard alphabet with padding at its end only.
    static func decode(_ text: String) -> [UInt8]? {
        let symbols = Array(text.utf8)
        guard symbols.count % 4 == 0 else { return nil }
        let padding = symbols.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2, symbols.dropLast(padding).allSatisfy(isSymbol) else { return nil }
        guard !symbols.isEmpty else { return [] }
        var bytes = [UInt8](repeating: 0, count: symbols.count / 4 * 3)
        guard EVP_DecodeBlock(&bytes, symbols, Int32(symbols.count)) == bytes.count else { return nil }
        bytes.removeLast(padding)
        return bytes
    }

    private static func isSymbol(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
