/// Text that decides something: who issued, whom it is for, which key. It is the same as another only by the same bytes,
/// where Swift's strings take a kelvin sign for a K, and an é for an e with an accent behind it. Between it and a String
/// there is no `==`, so that what is of this type is not compared the other way by mistake.
public struct ExactText: Sendable, Equatable, ExpressibleByStringLiteral {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    public func hasPrefix(_ prefix: ExactText) -> Bool { text.utf8.starts(with: prefix.text.utf8) }

    public func hasSuffix(_ suffix: ExactText) -> Bool {
        text.utf8.suffix(suffix.text.utf8.count).elementsEqual(suffix.text.utf8)
    }

    public var isEmpty: Bool { text.utf8.isEmpty }
}
