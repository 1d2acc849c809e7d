/// The names of Google Cloud's projects.
enum GoogleProject {
    /// 6 to 63 small letters, digits and `-`, a letter first. Old projects have their domain before it
    /// (`example.com:project`).
    static func isID(_ text: String) -> Bool { isName(text, lengths: 6...63, besides: "-.:") }

    /// Or the number that Google has given it.
    static func isIDOrNumber(_ text: String) -> Bool {
        isID(text) || (1...20).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isASCIIDigit }
    }

    /// Small letters, digits and these signs, a letter first.
    static func isName(_ text: String, lengths: ClosedRange<Int>, besides signs: String) -> Bool {
        guard lengths.contains(text.utf8.count), let first = text.utf8.first, isSmallLetter(first) else { return false }
        return text.utf8.allSatisfy { isSmallLetter($0) || $0.isASCIIDigit || signs.utf8.contains($0) }
    }

    private static func isSmallLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
