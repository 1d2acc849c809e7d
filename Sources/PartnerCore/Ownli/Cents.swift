/// An amount of US dollars in whole cents, from the edge to the wire.
public struct Cents: Sendable, Equatable, Comparable {
    public let count: Int

    public init(_ count: Int) { self.count = count }

    /// A JSON number of dollars. Nil unless it is exactly a number of cents: 25.001 is refused, not rounded.
    public init?(dollars: JSON) {
        switch dollars {
        case .integer(let whole) where whole.magnitude < 1_000_000_000: self.init(whole * 100)
        case .real(let value) where value.magnitude < 1_000_000_000:
            let count = (value * 100).rounded()
            // Division rounds correctly, so a decimal with two places is the very double that comes out here.
            guard count / 100 == value else { return nil }
            self.init(Int(count))
        default: return nil
        }
    }

    /// As a JSON number of dollars. The nearest double prints as the decimal: 2510 leaves as 25.1.
    public var dollars: JSON { .real(Double(count) / 100) }

    /// `25.10`
    public var text: String {
        let cents = count % 100
        return "\(count / 100).\(cents < 10 ? "0" : "")\(cents)"
    }

    public static func < (left: Cents, right: Cents) -> Bool { left.count < right.count }
}
