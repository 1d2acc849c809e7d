import COpenSSL

/// 128 random bits in hexadecimal.
func randomID() -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    RAND_bytes(&bytes, Int32(bytes.count))
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// A revision that no other write has: 63 random bits.
func randomRevision() -> Int {
    var revision = 0
    withUnsafeMutableBytes(of: &revision) { bytes in
        _ = RAND_bytes(bytes.bindMemory(to: UInt8.self).baseAddress, Int32(bytes.count))
    }
    return revision & Int.max
}
