/// Text that decides something: who issued, whom it is for, which key. Two of them are the same if their bytes are,
/// wherever they are compared: as keys of a dictionary and in generic code too. There the standard library takes
/// strings for the same if they look the same (`String+Bytes.swift`). Between it and a String there is no `==`.
public struct ExactText: Sendable, Hashable, ExpressibleByStringLiteral {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public static func == (left: ExactText, right: ExactText) -> Bool { left.text == right.text }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    public func hasPrefix(_ prefix: ExactText) -> Bool { text.hasPrefix(prefix.text) }

    public func hasSuffix(_ suffix: ExactText) -> Bool { text.hasSuffix(suffix.text) }

    public var isEmpty: Bool { text.utf8.isEmpty }
}
