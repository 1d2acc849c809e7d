/// The character classes of RFC 9110 and RFC 9112.
enum HTTPSyntax {
    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// `token` (RFC 9110 section 5.6.2): method and field names.
    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isTokenByte)
    }

    /// What a field value may hold (RFC 9110 section 5.5): no control characters but the tab.
    static func isFieldValue(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.allSatisfy { $0 == tab || ($0 >= space && $0 != 0x7F) }
    }

    /// `Host`'s characters (RFC 3986 section 3.2.2), without those that only confuse: no sub-delims, no user.
    static func isHost(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.allSatisfy { $0.isASCIIAlphanumeric || "-._~%:[]".utf8.contains($0) }
    }

    /// Digits only; nil for anything else, and for more digits than a length can have.
    static func decimal(_ bytes: some Collection<UInt8>) -> Int? {
        guard (1...18).contains(bytes.count) else { return nil }
        var number = 0
        for byte in bytes {
            guard byte.isASCIIDigit else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }

    /// Hexadecimal digits only; nil for anything else, and for more than eight.
    static func hexadecimal(_ bytes: some Collection<UInt8>) -> Int? {
        guard (1...8).contains(bytes.count) else { return nil }
        var number = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | Int(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): number = number << 4 | Int(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return number
    }

    /// Without the spaces and tabs at either end.
    static func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
        var bytes = bytes[...]
        while let first = bytes.first, first == space || first == tab { bytes.removeFirst() }
        while let last = bytes.last, last == space || last == tab { bytes.removeLast() }
        return bytes
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == UInt8(ascii: "-") || "!#$%&'*+.^_`|~".utf8.contains(byte)
    }
}
