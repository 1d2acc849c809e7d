/// Text that is never shown: printed, logged or reflected it is `<redacted>`.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    private let text: String

    public init(_ text: String) { self.text = text }

    /// From a file, or from what was made of one: its last line break is not part of it. Nil for what is no UTF-8.
    init?(contents: [UInt8]) {
        var bytes = contents[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        self.init(text)
    }

    /// The text itself, for the one place that sends or checks it.
    public func reveal() -> String { text }

    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
    extension Secret: CustomReflectable {
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
#endif
