import PartnerCore

/// Numbers as they were written. Once parsed, 25.100000000000001 is 25.1, and the mistake is hidden.
enum RawNumber {
    /// Dollars as cents: digits, and at most two decimals; nil for anything else, an exponent included.
    static func cents(_ text: [UInt8]?) -> Int? {
        guard let text, !text.isEmpty else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? Array(parts[1]) : [UInt8(ascii: "0")]
        guard (1...2).contains(decimals.count), (1...6).contains(parts[0].count),
            (parts[0] + decimals).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let digits = parts[0] + decimals + (decimals.count == 1 ? [UInt8(ascii: "0")] : [])
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

/// The text of a member's value, in an object's text that is known to be valid JSON.
func rawMember(_ wanted: String, of text: [UInt8]) -> [UInt8]? {
    var depth = 0
    var index = 0
    var name: String?
    while index < text.count {
        switch text[index] {
        case UInt8(ascii: "\""):
            let start = index
            index += 1
            while text[index] != UInt8(ascii: "\"") { index += text[index] == UInt8(ascii: "\\") ? 2 : 1 }
            if depth == 1 && name == nil { name = (try? JSON.parse(Array(text[start...index])))?.string }
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: ",") where depth == 1: name = nil
        case UInt8(ascii: ":") where depth == 1 && name == wanted:
            let value = text[(index + 1)...].drop { " \t\r\n".utf8.contains($0) }
            return Array(value.prefix { !" \t\r\n,}".utf8.contains($0) })
        default: break
        }
        index += 1
    }
    return nil
}
