/// Who has told what an event tells.
enum EventSource: String, Sendable, CaseIterable {
    /// OwnerRez, by its webhook.
    case webhook
    /// OwnerRez's lists, where no webhook did.
    case reconcile
    /// We ourselves, of a connection.
    case connection
}
