import Foundation

/// An amount in whole cents.
public struct Dollars: Sendable, Hashable {
    public let cents: Int

    public init(cents: Int) { self.cents = cents }

    /// For a currency format: `reward.amount?.decimal.formatted(.currency(code: "USD"))`.
    public var decimal: Decimal { Decimal(cents) / 100 }
}

extension Dollars: Decodable {
    /// From a JSON number of dollars, which has to be one of cents: 25.1 and 25.10 are 2510, 25.001 is an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        var exact = try container.decode(Decimal.self) * 100
        var whole = Decimal()
        NSDecimalRound(&whole, &exact, 0, .plain)
        // Before iOS 17 and macOS 14 JSONDecoder reads numbers as binary ones, which are off by less than this.
        guard abs(exact - whole) < Decimal(sign: .plus, exponent: -6, significand: 1), abs(whole) < 1_000_000_000_000
        else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a number of cents") }
        cents = NSDecimalNumber(decimal: whole).intValue
    }
}
