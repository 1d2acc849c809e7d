/// What came in, decoded once at the edge.
public enum Event: Sendable {
    /// From an HTTP API, a Function URL, a REST API or an Application Load Balancer.
    case http(HTTPEvent)
    /// From SQS.
    case batch([Message])
    /// An EventBridge event's `detail`, or what was handed to a direct invocation.
    case input(JSON)

    /// Tells the shapes apart by what only they have. Every field may be missing, null or of another type: what does
    /// not decide anything is then as good as absent.
    public init(decoding event: JSON, for about: About) throws(EventError) {
        guard case .object = event else { throw .notUnderstood(about) }
        if let http = HTTPEvent(decoding: event) {
            self = .http(http)
            return
        }
        guard let directInputHas = about.directInputHas else { throw .notUnderstood(about) }
        if let records = event["Records"]?.array {
            self = .batch(try Self.messages(records, about))
        } else if event["detail-type"]?.string != nil, case .object? = event["detail"] {
            self = .input(event["detail"] ?? .null)
        } else if event[directInputHas] != nil {
            self = .input(event)
        } else {
            throw .notUnderstood(about)
        }
    }

    private static func messages(_ records: [JSON], _ about: About) throws(EventError) -> [Message] {
        var messages: [Message] = []
        for record in records {
            guard record["eventSource"]?.string == "aws:sqs" else { throw .notUnderstood(about) }
            // Without its id a message could not be told apart in the answer, and would be lost.
            guard let id = record["messageId"]?.string, !id.isEmpty else { throw .messageWithoutID }
            messages.append(Message(id: id, body: record["body"]?.string ?? ""))
        }
        return messages
    }

    /// The answer to an SQS batch: the messages that go back to the queue. An empty list is success.
    static func batchAnswer(failures: [String]) -> JSON {
        ["batchItemFailures": .array(failures.map { ["itemIdentifier": .string($0)] })]
    }
}

/// A message of a queue.
public struct Message: Sendable, Equatable {
    public let id: String
    public let body: String
}

/// Why an event is none that we know.
public enum EventError: Error, Sendable {
    case notJSON(JSONError)
    case notUnderstood(About)
    case messageWithoutID

    public var description: String {
        switch self {
        case .notJSON(let error): "the event is no valid JSON: \(error.description)"
        case .notUnderstood(let about): "\(about.name) does not understand this event; it takes \(about.shapes)"
        case .messageWithoutID: "a record of the SQS event has no messageId"
        }
    }
}

extension About {
    fileprivate var shapes: String {
        let http = "HTTP events of an API Gateway HTTP API or REST API, a Function URL or a load balancer"
        guard let directInputHas else { return http }
        return "\(http), SQS batches, EventBridge events with a detail, and direct input with \(directInputHas)"
    }
}
