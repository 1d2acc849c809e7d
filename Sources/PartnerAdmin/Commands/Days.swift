import PartnerCore

/// Days of UTC's, one after the other.
struct Days: Sendable {
    static let one = Command.Option("--day", "DAY", "of UTC's, like 2026-11-26; else today")
    static let options = [
        one,
        Command.Option("--from", "DAY", "from this day on"),
        Command.Option("--to", "DAY", "to this day, which belongs to it; else today"),
    ]

    private let first: Timestamp
    let count: Int

    init(_ arguments: Arguments) throws(AdminError) {
        let today = try Self.time(Timestamp.now().day, "--day")
        guard let from = arguments.option("--from") else {
            guard !arguments.has("--to") else { throw .usage("--to: wants --from") }
            first =
                try arguments.option("--day").map { (day) throws(AdminError) in try Self.time(day, "--day") } ?? today
            count = 1
            return
        }
        guard !arguments.has("--day") else { throw .usage("--day, or --from and --to") }
        first = try Self.time(from, "--from")
        let last = try arguments.option("--to").map { (day) throws(AdminError) in try Self.time(day, "--to") } ?? today
        guard first <= last else { throw .usage("--from: is after the last day") }
        count = (last.epochSeconds - first.epochSeconds) / 86_400 + 1
    }

    /// `2026-11-26`
    subscript(_ index: Int) -> String { first.adding(seconds: index * 86_400).day }

    private static func time(_ day: String, _ option: String) throws(AdminError) -> Timestamp {
        guard day.utf8.count == 10, let time = Timestamp(rfc3339: day + "T00:00:00Z"), time.day == day else {
            throw .usage("\(option): expected a day like 2026-11-26")
        }
        return time
    }
}
