import CSystem

extension [UInt8] {
    /// In one piece, which what takes any collection does byte by byte.
    init(copying bytes: UnsafeBufferPointer<UInt8>) {
        self.init(unsafeUninitializedCapacity: bytes.count) { buffer, count in
            if let start = bytes.baseAddress { memcpy(buffer.baseAddress!, start, bytes.count) }
            count = bytes.count
        }
    }
}
