import Testing

@testable import PartnerCore

@Suite("For how long records are kept")
struct RetentionTests {
    private func read(_ text: String?) -> (retention: Retention, problems: [String]) {
        var settings = SettingsReader(Environment(text.map { ["RETENTION_EVENTS": $0] } ?? [:]))
        let retention = Retention("RETENTION_EVENTS", default: "90", reading: &settings, "of events")
        return (retention, settings.problems.map { $0.description })
    }

    @Test("It is a number of days, or for good")
    func values() {
        #expect(read(nil).retention == Retention(days: 90))
        #expect(read("1").retention == Retention(days: 1))
        #expect(read("36500").retention == Retention(days: 36_500))
        #expect(read("forever").retention == Retention(days: nil))
    }

    @Test(
        "Anything else stops the start",
        arguments: ["0", "-1", "+7", "36501", "7d", "1.5", "Forever", "99999999999999999999"])
    func problems(text: String) {
        #expect(
            read(text).problems == ["RETENTION_EVENTS: expected whole days from 1 to 36500, or forever"])
    }

    @Test("It ends so many days later, to the millisecond")
    func end() {
        let time = Timestamp(epochMilliseconds: 1_790_000_000_123)
        #expect(Retention(days: 2).end(from: time) == Timestamp(epochMilliseconds: 1_790_172_800_123))
        #expect(Retention(days: nil).end(from: time) == nil)
    }
}
