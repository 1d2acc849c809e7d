/// What a single reward may be, beyond Ownli's own limits.
public struct RewardGuards: Sendable {
    private let largest: Cents
    private let limits: RewardLimits
    /// Nil: any.
    private let actionCodes: [String]?

    /// Ownli takes 1.00 to 100.00 dollars.
    private static let ownliLimits = Cents(100)...Cents(10_000)

    public init(reading settings: inout SettingsReader, limits: RewardLimits) {
        self.limits = limits
        largest = settings.value(
            "REWARD_MAX_AMOUNT", default: "100.00", placeholder: Self.ownliLimits.upperBound,
            expected: "dollars from 1.00 to 100.00, like 25.00", "the largest reward that is granted"
        ) { text in
            guard let json = try? JSON.parse(Array(text.utf8)), let amount = Cents(dollars: json),
                Self.ownliLimits.contains(amount)
            else { return nil }
            return amount
        }
        let list = settings.optionalText("REWARD_ACTION_CODES", "the only action codes to grant for, comma-separated")
        actionCodes = list?.commaSeparated
        if let bad = actionCodes?.first(where: { !RewardRequest.isActionCode($0) }) {
            settings.problem("REWARD_ACTION_CODES", "\(bad) is no action code: 1 to 64 of a-z, A-Z, 0-9, dot, dash, _")
        }
        if actionCodes?.isEmpty == true {
            settings.problem("REWARD_ACTION_CODES", "lists no action code, so that nothing could be granted")
        }
    }

    public func check(_ order: RewardOrder) throws(FunctionError) {
        guard Self.ownliLimits.contains(order.amount) else { throw .parameter("amount", "from 1.00 to 100.00") }
        guard order.amount <= largest else {
            throw .invalid("AMOUNT_TOO_LARGE", "amount: this service grants at most \(largest.text)")
        }
        if let limit = limits.largest, order.amount > limit {
            throw .invalid("AMOUNT_TOO_LARGE", "amount: this service grants at most \(limit.text) in a day")
        }
        if let actionCodes, !actionCodes.contains(where: { $0.utf8.elementsEqual(order.actionCode.utf8) }) {
            throw .invalid("ACTION_CODE_NOT_ALLOWED", "actionCode: this service does not grant for it")
        }
    }
}
