/// A time of OwnerRez's in a form whose order is that of its bytes: `2026-08-30T12:00:00.123456700Z`. It is UTC and has nine
/// digits behind the second, however it was written: in any offset (none is UTC, as the name `updated_utc` says), with any
/// number of digits or none, with letters and spaces as RFC 3339 lets them be (section 5.6). What is finer is cut off.
struct SortableTime: Sendable, Equatable {
    let text: String
    /// To the millisecond.
    let time: Timestamp

    private static let digits = 9
    /// `2026-08-30T12:00:00`
    private static let secondsCount = 19

    /// Nil for anything else, a date alone too.
    init?(_ written: String) {
        var bytes = Array(written.utf8)
        guard (Self.secondsCount...64).contains(bytes.count) else { return nil }
        if "t ".utf8.contains(bytes[10]) { bytes[10] = UInt8(ascii: "T") }
        if bytes[bytes.count - 1] == UInt8(ascii: "z") { bytes[bytes.count - 1] = UInt8(ascii: "Z") }
        // A leap second is the last of its minute (RFC 3339 section 5.7), and no clock of ours knows it: it is the next one.
        let isLeapSecond = bytes[14..<Self.secondsCount].elementsEqual("59:60".utf8)
        if isLeapSecond { bytes.replaceSubrange(17..<Self.secondsCount, with: "59".utf8) }
        var rest = bytes[Self.secondsCount...]
        var fraction: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            fraction = Array(rest.dropFirst().prefix { $0.isASCIIDigit })
            guard !fraction.isEmpty else { return nil }
            rest = rest.dropFirst(1 + fraction.count)
        }
        let zone = rest.isEmpty ? "Z" : String(decoding: rest, as: UTF8.self)
        let seconds = String(decoding: bytes[..<Self.secondsCount], as: UTF8.self)
        guard let parsed = Timestamp(rfc3339: seconds + zone) else { return nil }
        let second = isLeapSecond ? parsed.adding(seconds: 1) : parsed
        let padded = (fraction + [UInt8](repeating: UInt8(ascii: "0"), count: Self.digits)).prefix(Self.digits)
        let milliseconds = padded.prefix(3).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        text =
            String(decoding: second.rfc3339.utf8.prefix(Self.secondsCount), as: UTF8.self) + "."
            + String(decoding: padded, as: UTF8.self) + "Z"
        time = second.adding(milliseconds: milliseconds)
    }
}
