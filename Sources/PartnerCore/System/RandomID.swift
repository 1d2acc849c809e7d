import COpenSSL

/// Bytes that nobody can foresee. Without them nothing that is secret can be made, so the process ends where the system
/// has none to give.
func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    precondition(RAND_bytes(&bytes, Int32(count)) == 1, "no random bytes")
    return bytes
}

/// 128 random bits in hexadecimal.
public func randomID() -> String { hexadecimal(randomBytes(16)) }

/// A revision that no other write has: 63 random bits.
func randomRevision() -> Int {
    randomBytes(8).reduce(0) { $0 << 8 | Int($1) } & Int.max
}

/// In lower case.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
