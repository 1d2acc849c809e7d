import CSystem

extension [UInt8] {
    /// In one piece, which what takes any collection does byte by byte.
    init(copying bytes: UnsafeBufferPointer<UInt8>) {
        // An empty array's length would be written to the one that all empty arrays share, by several threads at once.
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            self = []
            return
        }
        self.init(unsafeUninitializedCapacity: bytes.count) { buffer, count in
            memcpy(buffer.baseAddress!, start, bytes.count)
            count = bytes.count
        }
    }

    /// A number's last digits, with zeros before them where it has fewer, and a character: `07:`.
    mutating func append(_ number: Int32, digits: Int, then separator: Unicode.Scalar) {
        var power: Int32 = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
        append(UInt8(ascii: separator))
    }
}
