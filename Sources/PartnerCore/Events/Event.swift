/// What came in, decoded once at the edge.
public enum Event: Sendable {
    /// From an HTTP API, a Function URL, a REST API or an Application Load Balancer.
    case http(HTTPEvent)
    /// From SQS, by an event source mapping or by a pipe.
    case batch([Message])
    /// An EventBridge event's `detail`, an SNS notification, a CloudEvent, or what was handed to a direct invocation.
    case input(JSON, from: Origin?)
    /// What a pipe has made of its records. They have no ids, so single ones cannot go back.
    case inputs([JSON])

    /// Tells the shapes apart by what only they have. Every field may be missing, null or of another type: what does
    /// not decide anything is then as good as absent.
    public init(decoding event: JSON, for about: About) throws(EventError) {
        if let elements = event.array {
            self = try Self.ofPipe(elements, about)
            return
        }
        guard case .object = event else { throw .notUnderstood(about) }
        if let stray = StrayEvent.of(event) { throw .stray(stray, about) }
        if let http = HTTPEvent(decoding: event) {
            self = .http(http)
            return
        }
        guard about.takesDirectInput else { throw .notUnderstood(about) }
        if about.memberOfDirectInput(event) != nil {
            // None of the services below has such a member: what looks like one of their events too is refused as a message.
            self = .input(event, from: nil)
        } else if let records = event["Records"]?.array {
            self = try Self.ofRecords(records, about)
        } else if Envelope.event.holds(event) {
            self = .input(
                event["detail"] ?? .null,
                from: Origin(.eventBridge, name: event["source"]?.string, id: event["id"]?.string ?? ""))
        } else if Envelope.cloudEvent.holds(event) {
            self = .input(
                event, from: Origin(.cloudEvent, name: event["source"]?.string, id: event["id"]?.string ?? ""))
        } else if Envelope.push.holds(event) || Envelope.notification.holds(event) {
            self = .input(event, from: nil)
        } else {
            // Kafka, the brokers and DocumentDB keep their records elsewhere, and name themselves at the top.
            throw .source(event, about)
        }
    }

    private static func ofRecords(_ records: [JSON], _ about: About) throws(EventError) -> Event {
        // SNS calls with one notification at a time, and spells the member in its own way.
        if records.count == 1, records[0]["EventSource"]?.string == "aws:sns", let notification = records[0]["Sns"],
            Envelope.notification.holds(notification)
        {
            let id = notification["MessageId"]?.string ?? ""
            return .input(notification, from: Origin(.sns, name: notification["TopicArn"]?.string, id: id))
        }
        // SQS calls with no empty batch, so whoever did meant something else.
        guard !records.isEmpty else { throw .notUnderstood(about) }
        return .batch(try messages(records, about))
    }

    /// EventBridge Pipes hands a function an array: the records as the source has them, or what a transformation or an
    /// enrichment has made of them.
    private static func ofPipe(_ elements: [JSON], _ about: About) throws(EventError) -> Event {
        guard about.takesDirectInput, !elements.isEmpty else { throw .notUnderstood(about) }
        if elements.allSatisfy({ $0["eventSource"] != nil }) { return .batch(try messages(elements, about)) }
        let areInputs = elements.allSatisfy { element in
            about.memberOfDirectInput(element) != nil || Envelope.allCases.contains { $0.holds(element) }
        }
        guard areInputs else { throw .notUnderstood(about) }
        return .inputs(elements)
    }

    private static func messages(_ records: [JSON], _ about: About) throws(EventError) -> [Message] {
        var messages: [Message] = []
        for record in records {
            guard record["eventSource"]?.string == "aws:sqs" else { throw .source(record, about) }
            messages.append(try Message(record: record))
        }
        return messages
    }

    /// The answer to an SQS batch: the messages that go back to the queue. An empty list is success.
    static func batchAnswer(failures: [String]) -> JSON {
        ["batchItemFailures": .array(failures.map { ["itemIdentifier": .string($0)] })]
    }
}

/// Why an event is none that we know.
public enum EventError: Error, Sendable {
    case notJSON(JSONError)
    case notUnderstood(About)
    case recordsOf(source: String, About)
    case messageWithoutID
    case stray(StrayEvent, About)

    /// Services that call with records of their own. (AWS Lambda, event source mappings and services that can invoke a
    /// function. ActiveMQ and one's own Kafka are spelled in two ways there.)
    private static let knownSources = [
        "aws:s3", "aws:kinesis", "aws:dynamodb", "aws:codecommit", "aws:ses", "aws:kafka", "SelfManagedKafka",
        "aws:SelfManagedKafka", "aws:mq", "aws:amq", "aws:rmq", "aws:docdb",
    ]

    /// Says that records of this source are not taken. The event, or the record, names its source.
    fileprivate static func source(_ event: JSON, _ about: About) -> EventError {
        let source = knownSources.first { event["eventSource"]?.string == $0 }
        return source.map { .recordsOf(source: $0, about) } ?? .notUnderstood(about)
    }

    public var description: String {
        switch self {
        case .notJSON(let error): "the event is no valid JSON: \(error.description)"
        case .notUnderstood(let about): "\(about.name) does not understand this event; it takes \(about.shapes)"
        case .recordsOf(let source, let about):
            "\(about.name) takes no records of \(source); it takes \(about.shapes)"
        case .stray(let event, let about): "\(about.name) takes no \(event.name); it takes \(about.shapes)"
        case .messageWithoutID: "a record of the SQS event has no messageId"
        }
    }
}

extension About {
    fileprivate var shapes: String {
        let http = "HTTP events of an API Gateway HTTP API or REST API, a Function URL or a load balancer"
        guard takesDirectInput else { return http }
        return """
            \(http), SQS batches, EventBridge events with a detail, SNS notifications, CloudEvents, arrays of \
            EventBridge Pipes', and direct input with \(directInputHas.joined(separator: " or "))
            """
    }
}
