import Testing

@testable import PartnerCore

@Suite("Times that are made of others' numbers")
struct ClockTests {
    private static let extremes = [
        Int.min, Int.min + 1, -1 << 53, -1, 0, 1, 1 << 53, 10_000_000_000_000_000, .max - 1, .max,
    ]

    @Test("sums, differences and products stop at the ends of the range")
    func saturation() {
        #expect(Int.max.saturatingAdding(1) == .max)
        #expect(Int.min.saturatingAdding(-1) == .min)
        #expect(Int.min.saturatingSubtracting(1) == .min)
        #expect(0.saturatingSubtracting(.min) == .max)
        #expect((1 << 62).saturatingMultiplied(by: 4) == .max)
        #expect((1 << 62).saturatingMultiplied(by: -4) == .min)
        #expect(Int.min.saturatingMultiplied(by: -1) == .max)
        #expect(2.saturatingMultiplied(by: -21).saturatingAdding(84) == 42)
    }

    @Test("a time stamp can be made of any number, moved by any, and written", arguments: extremes, extremes)
    func timestamps(_ number: Int, _ other: Int) {
        for time in [Timestamp(epochSeconds: number), Timestamp(epochMilliseconds: number)] {
            let moved = time.adding(seconds: other).adding(milliseconds: other)
            #expect(moved.epochSecondsRoundedUp >= moved.epochSeconds)
            #expect(moved.rfc3339.utf8.count == 24)
            #expect((moved.milliseconds(since: time) >= 0) == (moved >= time))
        }
    }

    @Test("what RFC 3339 cannot write becomes the nearest that it can")
    func rfc3339() {
        #expect(Timestamp(epochSeconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(epochSeconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(epochMilliseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(epochMilliseconds: 1_777_112_130_000).rfc3339 == "2026-04-25T10:15:30.000Z")
    }

    @Test("an instant can be moved by any number", arguments: extremes)
    func instants(_ number: Int) {
        let now = Instant.now()
        let later = now.adding(seconds: number).adding(milliseconds: number)
        #expect((later.nanoseconds(since: now) > 0) == (number > 0))
        #expect(AccessToken(Secret("t"), lifetimeSeconds: number).isFresh == (number > 1))
    }

    @Test(
        "a deadline may be as far away as it likes, and one that is past is waited for no longer", arguments: extremes)
    func deadlines(_ number: Int) {
        for deadline in [Deadline.after(milliseconds: number), .after(seconds: number)] {
            #expect((deadline.remainingMilliseconds > 1000) == (number > 1))
            if number <= 0 { #expect(Lock(0).wait(until: deadline) { _ -> Int? in nil } == nil) }
        }
    }
}
