/// Where an order came from, for the record that is kept of it. It decides nothing. Whether the order is taken is
/// decided elsewhere.
public struct Origin: Sendable, Equatable {
    public enum Way: String, Sendable, CaseIterable {
        case direct, http, pubSub = "pubsub", sqs, sns
        case eventBridge = "eventbridge"
        case cloudEvent = "cloudevent"
        /// An array of EventBridge Pipes'.
        case pipe
    }

    public let way: Way
    /// Who: an IAM principal's ARN, a service account's e-mail address, a queue's or a topic's ARN, an event's `source`.
    /// Nil where nobody says: of a direct invocation Lambda tells that it was allowed, not to whom.
    public let name: String?
    /// Which: the id of the message or event; of what has none, the invocation's.
    public let id: String

    public init(_ way: Way, name: String? = nil, id: String) {
        self.way = way
        self.name = name
        self.id = id
    }
}
