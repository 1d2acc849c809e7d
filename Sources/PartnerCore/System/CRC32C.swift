/// The checksum CRC-32C of bytes (Castagnoli's polynomial, RFC 3720 appendix B.4), which Google's APIs have for their
/// contents.
func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    }
    return ~sum
}
