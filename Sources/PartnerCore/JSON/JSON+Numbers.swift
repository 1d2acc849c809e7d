extension JSON {
    /// A number as it is written: `25.10`, `1e400`, `123456789012345678901`. Never an `Int`'s own spelling.
    public struct Number: Sendable, Equatable {
        public let text: String
    }

    /// The text of a whole number that is written as one, however large: senders number things beyond any `Int`.
    public var wholeNumber: String? {
        switch self {
        case .integer(let value): return "\(value)"
        case .number(let number):
            let digits = number.text.utf8.drop { $0 == UInt8(ascii: "-") }
            return digits.allSatisfy { $0.isASCIIDigit } ? number.text : nil
        default: return nil
        }
    }

    /// So many units of which ten to the power of `places` make one: 2510 with two places is `25.1`.
    public static func decimal(_ units: Int, places: Int) -> JSON {
        var digits = Array("\(units.magnitude)".utf8)
        if digits.count <= places { digits = [UInt8](repeating: zero, count: places + 1 - digits.count) + digits }
        let whole = digits.count - places
        let fraction = digits[whole...].reversed().drop { $0 == zero }.reversed()
        let sign = units < 0 ? "-" : ""
        let text = sign + String(decoding: digits[..<whole], as: UTF8.self)
        guard !fraction.isEmpty else { return .integer(Int(text) ?? 0) }
        return .number(Number(text: text + "." + String(decoding: fraction, as: UTF8.self)))
    }

    /// The number in units of which ten to the power of `places` make one, however it is written: `25.1`, `25.10` and
    /// `2.51e1` are 2510 with two places. Nil when that is no whole number, or none that an `Int` holds.
    public func units(places: Int) -> Int? {
        Decimal(self)?.whole(times: places)
    }
}

private let zero = UInt8(ascii: "0")

/// A number, exactly: `digits`, which neither begin nor end with a zero, times ten to the power of `exponent`.
private struct Decimal {
    private let isNegative: Bool
    private let digits: [UInt8]
    private let exponent: Int

    init?(_ number: JSON) {
        let text: String
        switch number {
        case .integer(let value): text = "\(value)"
        case .number(let value): text = value.text
        default: return nil
        }
        let bytes = Array(text.utf8)
        isNegative = bytes.first == UInt8(ascii: "-")
        let mantissa = bytes.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
        let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mantissa.endIndex
        let all = mantissa.filter { $0.isASCIIDigit }
        let significant = all.reversed().drop { $0 == zero }.reversed()
        digits = Array(significant.drop { $0 == zero })
        let power = Self.power(bytes[mantissa.endIndex...].dropFirst())
        exponent = power + all.count - significant.count - max(0, mantissa.endIndex - point - 1)
    }

    /// Beyond all digits that a text has room for it makes no difference how large it is.
    private static func power(_ text: ArraySlice<UInt8>) -> Int {
        var power = 0
        for byte in text where byte.isASCIIDigit && power < 1 << 50 { power = power * 10 + Int(byte - zero) }
        return text.first == UInt8(ascii: "-") ? -power : power
    }

    /// The whole number times ten to the power of `places`; nil when no `Int` holds it, or when digits are left over.
    func whole(times places: Int) -> Int? {
        guard !digits.isEmpty else { return 0 }
        let zeros = exponent + places
        guard zeros >= 0, digits.count + zeros <= 19 else { return nil }
        let text = digits + [UInt8](repeating: zero, count: zeros)
        return Int((isNegative ? "-" : "") + String(decoding: text, as: UTF8.self))
    }
}
