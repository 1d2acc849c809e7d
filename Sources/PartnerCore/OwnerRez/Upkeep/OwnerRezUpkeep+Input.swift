/// How a schedule, or a person, has it done: `{"upkeep":true}` for all that is due, `{"upkeep":"123456"}` for one connection
/// now, with `"graceSeconds":0` up to this moment.
extension OwnerRezUpkeep {
    public func process(_ input: JSON, in invocation: Invocation) throws(FunctionError) -> JSON {
        let grace = try Self.graceSeconds(in: input)
        let outcome: Outcome
        switch input["upkeep"] {
        case .bool(true): outcome = try storing { () throws(StoreError) in try run(in: invocation) }
        case let value?:
            let account = value.integer ?? value.string.flatMap { Int($0) }
            guard let account, account > 0 else { throw .parameter("upkeep", "true, or a connection's id") }
            outcome = try run(account: account, graceSeconds: grace, in: invocation)
        case nil: throw .parameter("upkeep", "true, or a connection's id")
        }
        return [
            "connections": .integer(outcome.connections), "missed": .integer(outcome.missed),
            "failed": .integer(outcome.failed), "left": .integer(outcome.left),
        ]
    }

    private static func graceSeconds(in input: JSON) throws(FunctionError) -> Int {
        guard let value = input["graceSeconds"] else { return Checkpoint.graceSeconds }
        guard let seconds = value.integer, (0...86_400).contains(seconds) else {
            throw .parameter("graceSeconds", "a whole number from 0 to 86400")
        }
        return seconds
    }
}
