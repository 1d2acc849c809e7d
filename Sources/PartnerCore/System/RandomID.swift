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
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * bytes.count)
    func add(_ half: UInt8) { digits.append(half + (half < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)) }
    for byte in bytes {
        add(byte >> 4)
        add(byte & 0xf)
    }
    return String(decoding: digits, as: UTF8.self)
}
