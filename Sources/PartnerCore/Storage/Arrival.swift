/// Sort keys in the order of arrival, for what is appended to a partition: the time in milliseconds since 1970, what tells
/// those of one millisecond apart, and a random tail, `1790000000000-0420123456789ab`.
enum Arrival {
    /// The next arrival, as a number: now, in microseconds, and later than the last one. The wall clock counts
    /// milliseconds here, and may step back.
    static func number(after last: Int, at now: Timestamp) -> Int { max(lowest(at: now), last + 1) }

    /// The least number of a moment.
    static func lowest(at now: Timestamp) -> Int { now.epochMilliseconds * 1000 }

    /// The greatest number of a moment.
    static func highest(at now: Timestamp) -> Int { lowest(at: now) + 999 }

    static func sortKey(_ number: Int) -> String {
        let digits = "\(number % 1000)"
        let padding = String(repeating: "0", count: 3 - digits.utf8.count)
        return "\(number / 1000)-\(padding)\(digits)\(hexadecimal(randomBytes(6)))"
    }

    /// The time in a sort key; nil when it is none of ours.
    static func time(in sortKey: String) -> Timestamp? {
        guard let dash = sortKey.utf8.firstIndex(of: UInt8(ascii: "-")),
            let milliseconds = Int(String(sortKey[..<dash])), milliseconds >= 0
        else { return nil }
        return Timestamp(epochMilliseconds: milliseconds)
    }
}

/// Arrivals as one process sees them, for stores that order nothing themselves.
final class ArrivalClock: Sendable {
    private let last = Lock(0)

    func next(at now: Timestamp) -> String {
        Arrival.sortKey(
            last.withLock { last in
                last = Arrival.number(after: last, at: now)
                return last
            })
    }
}
