/// For how long records of one kind are kept: whole days, or for good. The store forgets them by itself then, and none of
/// them is read any more from that moment on.
public struct Retention: Sendable, Equatable {
    /// Nil: for good.
    let days: Int?

    /// Reads a setting like RETENTION_EVENTS: whole days from 1 to 36,500, or `forever`.
    public init(_ name: String, default defaultText: String, reading settings: inout SettingsReader, _ purpose: String)
    {
        self = settings.value(
            name, default: defaultText, placeholder: Retention(days: nil),
            expected: "whole days from 1 to 36500, or forever", purpose
        ) { text in
            if text == "forever" { return Retention(days: nil) }
            guard text.utf8.allSatisfy({ $0.isASCIIDigit }), let days = Int(text), (1...36_500).contains(days) else {
                return nil
            }
            return Retention(days: days)
        }
    }

    init(days: Int?) { self.days = days }

    /// When a record goes that is kept from a time on; nil when it stays.
    public func end(from time: Timestamp) -> Timestamp? { days.map { time.adding(seconds: $0 * 86_400) } }
}
