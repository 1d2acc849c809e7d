/// Text that is never shown: printed, logged or reflected it is `<redacted>`.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    private let text: String

    public init(_ text: String) { self.text = text }

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
