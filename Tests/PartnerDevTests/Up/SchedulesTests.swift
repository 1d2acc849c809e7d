import PartnerCore
import Testing

@testable import PartnerDev

@Suite("Schedules")
struct SchedulesTests {
    private func function(_ name: String, _ schedules: Template.Schedule...) -> Template.Function {
        Template.Function(name: name, condition: nil, routes: [], queue: nil, schedules: schedules)
    }

    @Test("each is run at its rate, with its input, until it is stopped")
    func rate() {
        let events = Lock<[String]>([])
        let often = Template.Schedule(name: "Often", seconds: 1, input: #"{"upkeep":true}"#)
        let seldom = Template.Schedule(name: "Seldom", seconds: 86_400, input: nil)
        let schedules = Schedules([function("things", often, seldom)]) { function, what, event, _ in
            events.withLock { $0.append("\(function) \(what) \(String(decoding: event, as: UTF8.self))") }
            events.notify()
        }
        _ = events.wait(until: .after(seconds: 60)) { $0.count >= 2 ? true : nil }
        schedules.stop()
        #expect(events.withLock { Set($0) } == [#"things Often {"upkeep":true}"#])
    }

    @Test("at a command all of one function's are run, with EventBridge's event where there is no input")
    func command() throws {
        let calls = Lock<[(String, JSON, Int?)]>([])
        let later = Template.Schedule(name: "Later", seconds: 86_400, input: nil)
        let schedules = Schedules([function("things", later), function("others", later)]) { _, what, event, cause in
            calls.withLock { $0.append((what, (try? JSON.parse(event)) ?? .null, cause)) }
        }
        defer { schedules.stop() }
        schedules.run("things", cause: 7)
        schedules.run("unknown", cause: 8)
        let made = calls.withLock { $0 }
        #expect(made.map { $0.0 } == ["Later"] && made.first?.2 == 7)
        #expect(made.first?.1["source"] == "aws.events" && made.first?.1["detail-type"] == "Scheduled Event")
    }
}
