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
}
