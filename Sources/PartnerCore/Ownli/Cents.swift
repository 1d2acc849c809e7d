/// An amount of US dollars in whole cents, from the edge to the wire.
public struct Cents: Sendable, Equatable, Comparable {
    public let count: Int

    public init(_ count: Int) { self.count = count }

    /// A JSON number of dollars. Nil unless it is exactly a number of cents, to the last of its digits: 25.001 is
    /// refused, not rounded, and so is 24.999999999999999999.
    public init?(dollars: JSON) {
        guard let count = dollars.units(places: 2), count.magnitude < 100_000_000_000 else { return nil }
        self.init(count)
    }

    /// As a JSON number of dollars: 2510 leaves as 25.1.
    public var dollars: JSON { .decimal(count, places: 2) }

    /// `25.10`
    public var text: String {
        let cents = count % 100
        return "\(count / 100).\(cents < 10 ? "0" : "")\(cents)"
    }

    public static func < (left: Cents, right: Cents) -> Bool { left.count < right.count }
}
