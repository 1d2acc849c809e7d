import PartnerCore

/// Numbers as they were written.
enum RawNumber {
    /// Dollars as cents: digits, and at most two decimals; nil for anything else, an exponent included.
    static func cents(_ number: JSON?) -> Int? {
        guard let text = number?.text else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? Array(parts[1]) : [UInt8(ascii: "0")]
        guard (1...2).contains(decimals.count), (1...6).contains(parts[0].count),
            (parts[0] + decimals).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let digits = parts[0] + decimals + (decimals.count == 1 ? [UInt8(ascii: "0")] : [])
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
