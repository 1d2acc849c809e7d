/// For how long events stay that somebody has to take, or to look after. It counts from when they are put there,
/// however long an event has waited before.
public struct EventRetention: Sendable {
    let kept: Retention
    let givenUp: Retention

    public static let forGood = EventRetention(kept: Retention(days: nil), givenUp: Retention(days: nil))

    init(kept: Retention, givenUp: Retention) {
        self.kept = kept
        self.givenUp = givenUp
    }

    /// An event holds guests' personal data, and is of no more use to anybody after a season.
    public init(reading settings: inout SettingsReader) {
        kept = Retention(
            "RETENTION_EVENTS", default: "90", reading: &settings,
            "days for which store: keeps an event that nobody takes, or forever")
        givenUp = Retention(
            "RETENTION_GIVEN_UP", default: "90", reading: &settings,
            "days for which an event that was given up is kept, or forever")
    }
}
