import PartnerCore

/// A server of the company's that uses what people have connected, and looks after it. It invokes functions itself: no
/// person may.
struct BackOffice: Sendable {
    static let name = "Back office"
    private static let api = "ownerrez-api"

    let invocations: Invocations
    let schedules: Schedules

    /// What OwnerRez has in one of its lists, asked with the connection of a user.
    ///
    /// - Returns: `{"status","body","next"}`; nil when there was none.
    func bookings(of subject: String, cause: Int) -> JSON? {
        let since = Timestamp(epochSeconds: Timestamp.now().epochSeconds - 30 * 86_400).rfc3339
        let order: JSON = [
            "subject": .string(subject), "method": "GET", "path": "bookings", "query": ["since_utc": .string(since)],
        ]
        return answer(invocations.invoke(Self.api, by: Self.name, "GET bookings", order.text, cause: cause))
    }

    /// What the schedules do for a connection, at once: looks for what no webhook told of, and passes it on.
    ///
    /// - Returns: nil when there was no answer.
    func upkeep(of connection: String, cause: Int) -> JSON? {
        // OwnerRez's time is that of its answers, in whole seconds: what changed in this one is not looked for yet.
        sleep(milliseconds: 1000)
        // Else what has just changed is left to the next time: its webhook may be on its way.
        let order: JSON = ["upkeep": .string(connection), "graceSeconds": 0]
        let outcome = invocations.invoke(Self.api, by: Self.name, "upkeep", order.text, cause: cause)
        schedules.run("ownerrez-webhook", cause: cause)
        return answer(outcome)
    }

    private func answer(_ outcome: RuntimeAPI.Outcome) -> JSON? {
        guard case .answer(let bytes) = outcome else { return nil }
        return try? JSON.parse(bytes)
    }
}
