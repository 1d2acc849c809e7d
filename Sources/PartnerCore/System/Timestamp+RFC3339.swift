import CSystem

extension Timestamp {
    /// From RFC 3339: `2026-04-25T10:15:30Z`, `2026-04-25T12:15:30.123+02:00`. What is finer than a millisecond is cut
    /// off. Nil for anything else, a time without its offset too.
    public init?(rfc3339 text: String) {
        var reader = Reader(rest: Array(text.utf8)[...])
        var parts = tm()
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), (1...12).contains(month),
            reader.skip("-"), let day = reader.number(2), (1...31).contains(day), reader.skip("T"),
            let hour = reader.number(2), hour < 24, reader.skip(":"), let minute = reader.number(2), minute < 60,
            reader.skip(":"), let second = reader.number(2), second < 60
        else { return nil }
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(hour), Int32(minute), Int32(second))
        let epochSeconds = timegm(&parts)
        // timegm moves a day that the month does not have into the next one.
        guard parts.tm_mday == Int32(day), let milliseconds = reader.fraction(), let offset = reader.offsetMinutes(),
            reader.rest.isEmpty
        else { return nil }
        self.init(epochMilliseconds: (epochSeconds - offset * 60) * 1000 + milliseconds)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        /// Exactly so many digits.
        mutating func number(_ count: Int) -> Int? {
            let digits = rest.prefix(count)
            guard digits.count == count, digits.allSatisfy({ $0.isASCIIDigit }) else { return nil }
            rest = rest.dropFirst(count)
            return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }

        mutating func skip(_ symbol: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: symbol) else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// Milliseconds; 0 when there is no fraction.
        mutating func fraction() -> Int? {
            guard skip(".") else { return 0 }
            let digits = rest.prefix { $0.isASCIIDigit }
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(digits.count)
            return (Array(digits.prefix(3)) + [48, 48]).prefix(3).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }

        mutating func offsetMinutes() -> Int? {
            if skip("Z") { return 0 }
            let isAhead = skip("+")
            guard isAhead || skip("-"), let hours = number(2), hours < 24, skip(":"), let minutes = number(2),
                minutes < 60
            else { return nil }
            return (hours * 60 + minutes) * (isAhead ? 1 : -1)
        }
    }
}
