import CSystem

/// A point in time by two clocks, for the age of what is kept. While Lambda freezes a process, the clock that never
/// jumps may stand still; the wall clock is put right afterwards. But the wall clock may also be put back, and that
/// makes nothing younger. So the clock by which more time has passed is believed.
public struct Moment: Sendable {
    /// Goes on while a machine sleeps (CLOCK_BOOTTIME).
    let running: Instant
    let wall: Timestamp

    public static func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Moment(running: Instant(nanoseconds: time.tv_sec * 1_000_000_000 + time.tv_nsec), wall: .now())
    }

    /// Whole seconds.
    public func seconds(since earlier: Moment) -> Int { milliseconds(since: earlier) / 1000 }

    func milliseconds(since earlier: Moment) -> Int {
        max(running.nanoseconds(since: earlier.running) / 1_000_000, wall.milliseconds(since: earlier.wall))
    }
}
