/// How much is granted in one day of UTC's, to everybody together and to each user.
public struct RewardLimits: Sendable {
    /// Nil: no limit.
    public let perDay: Cents?
    public let perUserAndDay: Cents?

    public init(perDay: Cents? = nil, perUserAndDay: Cents? = nil) {
        self.perDay = perDay
        self.perUserAndDay = perUserAndDay
    }

    public init(reading settings: inout SettingsReader) {
        perDay = Self.limit(
            "REWARD_DAILY_LIMIT", &settings,
            "dollars that are granted in a day of UTC's altogether; no limit if not set")
        perUserAndDay = Self.limit(
            "REWARD_DAILY_LIMIT_PER_USER", &settings, "dollars that each user is granted in such a day; likewise")
        if let perDay, let perUserAndDay, perUserAndDay > perDay {
            settings.problem(
                "REWARD_DAILY_LIMIT_PER_USER", "is more than REWARD_DAILY_LIMIT, and so can never come to anything")
        }
    }

    /// A reward above it would wait for ever.
    public var largest: Cents? { [perDay, perUserAndDay].compactMap { $0 }.min() }

    /// Ownli grants nothing below a dollar, so that a smaller limit would close the function.
    private static let range = Cents(100)...Cents(999_999_999)

    private static func limit(_ name: String, _ settings: inout SettingsReader, _ purpose: String) -> Cents? {
        guard let text = settings.optionalText(name, purpose) else { return nil }
        guard let json = try? JSON.parse(Array(text.utf8)), let limit = Cents(dollars: json), range.contains(limit)
        else {
            settings.problem(name, "expected dollars from 1.00 to 9999999.99, like 500.00")
            return nil
        }
        return limit
    }
}
