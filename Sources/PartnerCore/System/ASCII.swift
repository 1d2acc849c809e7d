/// Classes of ASCII characters. Nothing beyond ASCII is in any of them, whatever Unicode thinks of it.
extension UInt8 {
    public var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// Printable, and not the space (RFC 5234's VCHAR).
    public var isASCIIVisible: Bool { (0x21...0x7e).contains(self) }

    public var isASCIIAlphanumeric: Bool {
        // Letters of either case differ in this one bit.
        isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}

/// Whether two strings are the same but for the case of ASCII letters.
public func equalIgnoringASCIICase(_ left: String, _ right: String) -> Bool {
    let count = left.utf8.count
    guard count == right.utf8.count else { return false }
    let isSame = left.utf8.withContiguousStorageIfAvailable { left in
        right.utf8.withContiguousStorageIfAvailable { right in
            for index in 0..<count where lowercased(left[index]) != lowercased(right[index]) { return false }
            return true
        }
    }
    return (isSame ?? nil) ?? zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

extension String {
    /// Whether all of its characters are visible ones of ASCII. (`allSatisfy` takes ten times as long.)
    var isASCIIVisible: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            for byte in bytes where !byte.isASCIIVisible { return false }
            return true
        } ?? utf8.allSatisfy { $0.isASCIIVisible }
    }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
