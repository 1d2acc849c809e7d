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
