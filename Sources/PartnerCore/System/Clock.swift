import CSystem

/// A point in time by the wall clock, to the millisecond.
public struct Timestamp: Sendable, Equatable, Comparable {
    public let epochMilliseconds: Int

    public init(epochMilliseconds: Int) { self.epochMilliseconds = epochMilliseconds }
    public init(epochSeconds: Int) { self.epochMilliseconds = epochSeconds * 1000 }

    public var epochSeconds: Int { epochMilliseconds / 1000 }

    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(epochMilliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.epochMilliseconds < right.epochMilliseconds
    }

    /// RFC 3339 in UTC with milliseconds: `2026-04-25T10:15:30.000Z`.
    public var rfc3339: String {
        var seconds = time_t(epochSeconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = "\(parts.tm_year + 1900)-\(Self.padded(parts.tm_mon + 1))-\(Self.padded(parts.tm_mday))"
        let time = "\(Self.padded(parts.tm_hour)):\(Self.padded(parts.tm_min)):\(Self.padded(parts.tm_sec))"
        return "\(date)T\(time).\(Self.padded(Int32(epochMilliseconds % 1000), to: 3))Z"
    }

    static func padded(_ number: Int32, to width: Int = 2) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// Nanoseconds by the clock that never jumps. For measuring and for deadlines.
public struct Instant: Sendable, Comparable {
    public let nanoseconds: Int

    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: time.tv_sec * 1_000_000_000 + time.tv_nsec)
    }

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Microseconds from this instant until now.
    public var elapsedMicroseconds: Int { (Instant.now().nanoseconds - nanoseconds) / 1000 }
}

/// When work has to be done by.
public struct Deadline: Sendable {
    private let instant: Instant

    public static func after(milliseconds: Int) -> Deadline {
        Deadline(instant: Instant(nanoseconds: Instant.now().nanoseconds + milliseconds * 1_000_000))
    }

    /// Milliseconds that are left; negative when it has passed.
    public var remainingMilliseconds: Int {
        (instant.nanoseconds - Instant.now().nanoseconds) / 1_000_000
    }

    var timespec: timespec {
        CSystem.timespec(tv_sec: instant.nanoseconds / 1_000_000_000, tv_nsec: instant.nanoseconds % 1_000_000_000)
    }
}

/// Sleeps for at least this long.
public func sleep(milliseconds: Int) {
    var left = timespec(tv_sec: milliseconds / 1000, tv_nsec: (milliseconds % 1000) * 1_000_000)
    var remainder = timespec()
    while nanosleep(&left, &remainder) != 0 && csystem_errno() == EINTR { left = remainder }
}
