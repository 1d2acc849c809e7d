import PartnerCore

/// Runs the template's schedules, as the cloud does: each function once in so many seconds, and at a command.
final class Schedules: Sendable {
    /// As EventBridge has it.
    private static let event: JSON = [
        "version": "0", "id": "00000000-0000-0000-0000-000000000000", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/development"], "detail": [:],
    ]

    private let functions: [Template.Function]
    private let invoke: @Sendable (_ function: String, _ what: String, _ event: [UInt8], _ cause: Int?) -> Void
    private let isStopping = Lock(false)

    init(
        _ functions: [Template.Function],
        invoke: @escaping @Sendable (_ function: String, _ what: String, _ event: [UInt8], _ cause: Int?) -> Void
    ) {
        self.functions = functions
        self.invoke = invoke
        for function in functions {
            for schedule in function.schedules { start { [weak self] in self?.repeat(schedule, of: function.name) } }
        }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        isStopping.notify()
    }

    /// Does at once what the schedules of a function do.
    func run(_ function: String, cause: Int?) {
        for schedule in functions.first(where: { $0.name == function })?.schedules ?? [] {
            run(schedule, of: function, cause: cause)
        }
    }

    private func `repeat`(_ schedule: Template.Schedule, of function: String) {
        while isStopping.wait(until: .after(seconds: schedule.seconds), for: { $0 ? true : nil }) == nil {
            run(schedule, of: function, cause: nil)
        }
    }

    private func run(_ schedule: Template.Schedule, of function: String, cause: Int?) {
        let event = schedule.input.map { Array($0.utf8) } ?? Self.event.text
        invoke(function, schedule.name, event, cause)
    }
}
