import CSystem

/// A point in time by the wall clock, to the millisecond. It stays within the range of its milliseconds, whatever it is
/// made of and whatever is added to it.
public struct Timestamp: Sendable, Equatable, Comparable {
    public let epochMilliseconds: Int

    public init(epochMilliseconds: Int) { self.epochMilliseconds = epochMilliseconds }
    public init(epochSeconds: Int) { epochMilliseconds = epochSeconds.saturatingMultiplied(by: 1000) }

    public var epochSeconds: Int { epochMilliseconds / 1000 }

    /// The first whole second that is not before it.
    var epochSecondsRoundedUp: Int { epochMilliseconds.saturatingAdding(999) / 1000 }

    public func adding(seconds: Int) -> Timestamp { adding(milliseconds: seconds.saturatingMultiplied(by: 1000)) }

    public func adding(milliseconds: Int) -> Timestamp {
        Timestamp(epochMilliseconds: epochMilliseconds.saturatingAdding(milliseconds))
    }

    /// Negative when it is before the other.
    func milliseconds(since other: Timestamp) -> Int {
        epochMilliseconds.saturatingSubtracting(other.epochMilliseconds)
    }

    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(epochMilliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.epochMilliseconds < right.epochMilliseconds
    }

    /// From the year 0 to the year 9999: RFC 3339 has four digits for it.
    private static let writable = -62_167_219_200_000...253_402_300_799_999

    /// RFC 3339 in UTC with milliseconds: `2026-04-25T10:15:30.000Z`. Of a time that it cannot write, the nearest.
    public var rfc3339: String {
        let milliseconds = min(max(epochMilliseconds, Self.writable.lowerBound), Self.writable.upperBound)
        let rest = (milliseconds % 1000 + 1000) % 1000
        var seconds = time_t((milliseconds - rest) / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.append(parts.tm_year + 1900, digits: 4, then: "-")
        text.append(parts.tm_mon + 1, digits: 2, then: "-")
        text.append(parts.tm_mday, digits: 2, then: "T")
        text.append(parts.tm_hour, digits: 2, then: ":")
        text.append(parts.tm_min, digits: 2, then: ":")
        text.append(parts.tm_sec, digits: 2, then: ".")
        text.append(Int32(rest), digits: 3, then: "Z")
        return String(decoding: text, as: UTF8.self)
    }
}

/// Nanoseconds by the clock that never jumps. For measuring and for deadlines. Like a time stamp it stays within its
/// range, which is 292 years from the machine's start.
public struct Instant: Sendable, Comparable {
    public let nanoseconds: Int

    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: time.tv_sec * 1_000_000_000 + time.tv_nsec)
    }

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    func adding(milliseconds: Int) -> Instant {
        Instant(nanoseconds: nanoseconds.saturatingAdding(milliseconds.saturatingMultiplied(by: 1_000_000)))
    }

    func adding(seconds: Int) -> Instant { adding(milliseconds: seconds.saturatingMultiplied(by: 1000)) }

    /// Negative when it is before the other.
    func nanoseconds(since other: Instant) -> Int { nanoseconds.saturatingSubtracting(other.nanoseconds) }

    /// Microseconds from this instant until now.
    public var elapsedMicroseconds: Int { Instant.now().nanoseconds(since: self) / 1000 }
}

/// When work has to be done by.
public struct Deadline: Sendable {
    private let instant: Instant

    public static func after(milliseconds: Int) -> Deadline {
        Deadline(instant: .now().adding(milliseconds: milliseconds))
    }

    public static func after(seconds: Int) -> Deadline { Deadline(instant: .now().adding(seconds: seconds)) }

    /// Milliseconds that are left; negative when it has passed.
    public var remainingMilliseconds: Int { instant.nanoseconds(since: .now()) / 1_000_000 }

    /// The system refuses a time before the clock began (EINVAL): who waits until then would try for ever.
    var timespec: timespec {
        let nanoseconds = max(0, instant.nanoseconds)
        return CSystem.timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }
}

/// Sleeps for at least this long; not at all for less than nothing.
public func sleep(milliseconds: Int) {
    let milliseconds = max(0, milliseconds)
    var left = timespec(tv_sec: milliseconds / 1000, tv_nsec: (milliseconds % 1000) * 1_000_000)
    var remainder = timespec()
    blocking { while nanosleep(&left, &remainder) != 0 && csystem_errno() == EINTR { left = remainder } }
}
