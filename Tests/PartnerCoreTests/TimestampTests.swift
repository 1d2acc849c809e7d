import Testing

@testable import PartnerCore

@Suite("Points in time")
struct TimestampTests {
    @Test(
        "RFC 3339 is read to the millisecond",
        arguments: [
            ("2026-04-25T10:15:30Z", 1_777_112_130_000), ("2026-04-25T10:15:30.123Z", 1_777_112_130_123),
            ("2026-04-25T10:15:30.5Z", 1_777_112_130_500), ("2026-04-25T10:15:30.123999Z", 1_777_112_130_123),
            ("2026-04-25T12:15:30+02:00", 1_777_112_130_000), ("2026-04-25T05:45:30.250-04:30", 1_777_112_130_250),
            ("1970-01-01T00:00:00Z", 0), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ])
    func read(text: String, milliseconds: Int) {
        #expect(Timestamp(rfc3339: text) == Timestamp(epochMilliseconds: milliseconds))
    }

    @Test("what was written is read back")
    func roundTrip() {
        let time = Timestamp(epochMilliseconds: 1_777_112_130_007)
        #expect(Timestamp(rfc3339: time.rfc3339) == time)
    }

    @Test(
        "anything else is no time",
        arguments: [
            "", "2026-04-25", "2026-04-25T10:15:30", "2026-04-25 10:15:30Z", "2026-4-25T10:15:30Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-04-25T24:00:00Z", "2026-04-25T10:60:00Z", "2026-04-25T10:15:60Z", "2026-04-25T10:15:30.Z",
            "2026-04-25T10:15:30Zx", " 2026-04-25T10:15:30Z", "2026-04-25T10:15:30+2:00", "2026-04-25T10:15:30+25:00",
            "1777112130", "Sat, 25 Apr 2026 10:15:30 GMT", "２０２６-04-25T10:15:30Z",
        ])
    func refused(text: String) { #expect(Timestamp(rfc3339: text) == nil) }
}
