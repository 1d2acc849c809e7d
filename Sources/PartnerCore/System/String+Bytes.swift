import CSystem

// Texts are the same by their bytes, here and in every module that imports this one. Swift's own `==` goes by what texts
// look like: it takes a kelvin sign for a K, a Greek question mark for a semicolon, and an é for an e with an accent
// behind it; and a comma with an accent behind it is no comma to it. What is spelled in the usual way below comes before
// the standard library's. Where that compares texts by itself, as the keys of sets and dictionaries and by the raw values
// of enumerations, they are of type `ExactText`, or asked for with `init(exactly:)`; a test looks through the sources.

extension String {
    public static func == (left: String, right: String) -> Bool {
        let count = left.utf8.count
        guard count == right.utf8.count, count > 0 else { return count == right.utf8.count }
        // Byte by byte a long text takes twenty times as long.
        let isSame = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { memcmp(left.baseAddress!, $0.baseAddress!, count) == 0 }
        }
        return (isSame ?? nil) ?? left.utf8.elementsEqual(right.utf8)
    }

    public static func != (left: String, right: String) -> Bool { !(left == right) }

    // With a literal on one side the library's generic ones would be taken.
    public static func == (left: String?, right: String) -> Bool { left.map { $0 == right } ?? false }
    public static func != (left: String?, right: String) -> Bool { !(left == right) }
    public static func == (left: String, right: String?) -> Bool { right == left }
    public static func != (left: String, right: String?) -> Bool { !(right == left) }

    /// What is no UTF-8 is repaired, as in `init(decoding:as:)`, which copies a long text byte by byte.
    init(copying bytes: UnsafeBufferPointer<UInt8>) {
        self.init(unsafeUninitializedCapacity: bytes.count) { text in
            if let start = bytes.baseAddress { memcpy(text.baseAddress!, start, bytes.count) }
            return bytes.count
        }
    }

    /// `case "text":`
    public static func ~= (pattern: String, text: String) -> Bool { pattern == text }
}

public func == (left: String?, right: String?) -> Bool {
    switch (left, right) {
    case (let left?, let right?): left == right
    case (nil, nil): true
    case (nil, _?), (_?, nil): false
    }
}

public func != (left: String?, right: String?) -> Bool { !(left == right) }

public func ~= (pattern: String?, text: String?) -> Bool { pattern == text }

extension Substring {
    public static func == (left: Substring, right: Substring) -> Bool { left.utf8.elementsEqual(right.utf8) }
    public static func != (left: Substring, right: Substring) -> Bool { !(left == right) }
    public static func == (left: Substring, right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
    public static func != (left: Substring, right: String) -> Bool { !(left == right) }
}

extension StringProtocol {
    public func hasPrefix(_ prefix: some StringProtocol) -> Bool { utf8.starts(with: prefix.utf8) }

    public func hasSuffix(_ suffix: some StringProtocol) -> Bool {
        utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}

// For these the library has some that are no generics, which would come first.
extension String {
    public func hasPrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    public func hasSuffix(_ suffix: String) -> Bool { utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

    /// What follows a prefix; nil when it does not begin with it.
    func rest(after prefix: String) -> String? {
        guard hasPrefix(prefix) else { return nil }
        return String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
}

extension StringProtocol where SubSequence == Substring {
    /// - Parameter separator: an ASCII character.
    public func split(
        separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [Substring] {
        self[...].utf8.split(
            separator: UInt8(ascii: separator), maxSplits: maxSplits,
            omittingEmptySubsequences: omittingEmptySubsequences
        ).map { Substring($0) }
    }

    /// Without the spaces and tabs around it.
    var trimmingSpaces: Substring {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let start = self[...].utf8.drop(while: isSpace)
        guard let end = start.lastIndex(where: { !isSpace($0) }) else { return "" }
        return Substring(start[...end])
    }
}

extension Sequence where Element == String {
    public func contains(_ text: String) -> Bool { contains { $0 == text } }
}

extension Sequence where Element == Substring {
    public func contains(_ text: Substring) -> Bool { contains { $0 == text } }
}

extension Collection where Element == String {
    public func firstIndex(of text: String) -> Index? { firstIndex { $0 == text } }
}

extension Array where Element == String {
    public static func == (left: [String], right: [String]) -> Bool { left.elementsEqual(right) { $0 == $1 } }
    public static func != (left: [String], right: [String]) -> Bool { !(left == right) }
}

extension RawRepresentable where Self: CaseIterable, RawValue == String {
    /// The case whose raw value this is.
    public init?(exactly text: String) {
        guard let one = Self.allCases.first(where: { $0.rawValue == text }) else { return nil }
        self = one
    }
}
