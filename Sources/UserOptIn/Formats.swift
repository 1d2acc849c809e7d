import PartnerCore

/// ITU-T E.164: a plus, and 7 to 15 digits of which the first is not 0.
func isE164(_ text: String) -> Bool {
    let digits = text.utf8.dropFirst()
    return text.utf8.first == UInt8(ascii: "+") && (7...15).contains(digits.count)
        && digits.first != UInt8(ascii: "0")
        && digits.allSatisfy { $0.isASCIIDigit }
}

/// One @ between a local part and a domain with a dot, of printable ASCII, up to 254 characters (RFC 5321 section
/// 4.5.3.1.3). Whether mail arrives is for the identity provider to verify.
func isEmailAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard text.utf8.count <= 254, text.utf8.allSatisfy({ $0.isASCIIVisible }), parts.count == 2 else {
        return false
    }
    let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    return (1...64).contains(parts[0].utf8.count) && labels.count >= 2 && labels.allSatisfy { !$0.isEmpty }
}

/// The code of a US state as it is sent, in capital letters; nil for any other text. The 50 states, the District of
/// Columbia, the territories, the freely associated states, and the armed forces' addresses (USPS Publication 28,
/// appendix B).
func usState(_ text: String) -> String? {
    let code = String(decoding: text.utf8.map { (0x61...0x7a).contains($0) ? $0 & 0xdf : $0 }, as: UTF8.self)
    return states.contains { $0.utf8.elementsEqual(code.utf8) } ? code : nil
}

private let states = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA",
    "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR",
    "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "AS", "GU", "MP", "PR", "VI", "FM",
    "MH", "PW", "AA", "AE", "AP",
]
