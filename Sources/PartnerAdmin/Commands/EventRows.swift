import PartnerCore

// How events are asked for and shown.

extension EventFilter {
    static let options = [
        Command.Option("--account", "ID", "only those of this account of OwnerRez's"),
        Command.Option("--entity", "ENTITY", "only those of an entity, like booking/16879744"),
        Command.Option("--from", "TIME", "received at this time or later: 2026-11-26, or 2026-11-26T10:15:30Z"),
        Command.Option("--before", "TIME", "received before this time"),
        Command.Option("--state", "STATE", "waiting, set-aside, kept or given-up"),
    ]

    init(_ arguments: Arguments) throws(AdminError) {
        self.init()
        account = try arguments.count("--account", in: 1...Int.max)
        entity = arguments.option("--entity")
        from = try Self.time("--from", arguments)
        before = try Self.time("--before", arguments)
        guard let text = arguments.option("--state") else { return }
        guard let state = FoundEvent.State.allCases.first(where: { $0.rawValue == text }) else {
            throw .usage("--state: expected waiting, set-aside, kept or given-up")
        }
        states = [state]
    }

    private static func time(_ option: String, _ arguments: Arguments) throws(AdminError) -> Timestamp? {
        guard let text = arguments.option(option) else { return nil }
        guard let time = Timestamp(rfc3339: text.utf8.count == 10 ? text + "T00:00:00Z" : text) else {
            throw .usage("\(option): expected a time like 2026-11-26 or 2026-11-26T10:15:30Z")
        }
        return time
    }
}

extension FoundEvent {
    static let columns: [Layout.Column] = [
        .init("state", 9), .init("receivedAt", 24), .init("kind", 28), .init("entity", 24), .init("account", 10),
        .init("attempts", 8), .init("pausedUntil", 24), .init("arrival", 30), .init("reason", 0),
    ]

    /// Without what it tells.
    var row: JSON {
        var row: JSON = ["state": .string(state.rawValue), "arrival": .string(arrival)]
        row.add("receivedAt", receivedAt.map { .string($0.rfc3339) })
        row.add("kind", kind.map { .string($0) })
        row.add("entity", entity.map { .string($0) })
        row.add("account", account.map { .integer($0) })
        row.add("source", source.map { .string($0) })
        if attempts > 0 { row.add("attempts", .integer(attempts)) }
        row.add("pausedUntil", pausedUntil.map { .string($0.rfc3339) })
        row.add("givenUpAt", givenUpAt.map { .string($0.rfc3339) })
        row.add("reason", (problem.map { "no event: \($0)" } ?? reason).map { .string($0) })
        return row
    }
}
