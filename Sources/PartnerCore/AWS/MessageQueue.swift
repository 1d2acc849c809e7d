/// A queue of Amazon SQS that messages are taken from and sent to.
struct MessageQueue: Sendable {
    let url: String
    private let client: AWSClient

    init(url: String, _ client: AWSClient) {
        self.url = url
        self.client = client
    }

    /// `https://sqs.eu-central-1.amazonaws.com/123456789012/rewards`
    static func isURL(_ text: String) -> Bool {
        guard let url = BaseURL(text) else { return false }
        // scheme, nothing, host, account, queue
        let parts = url.text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 5 && url.text == text && parts[3].utf8.allSatisfy { $0.isASCIIDigit } && !parts[3].isEmpty
            && isName(parts[4])
    }

    /// Up to 80 letters, digits, `-` and `_`, and `.fifo` behind some (CreateQueue).
    private static func isName(_ text: Substring) -> Bool {
        let name = text.hasSuffix(".fifo") ? text.dropLast(5) : text
        return !name.isEmpty && text.utf8.count <= 80
            && name.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-_".utf8.contains($0) }
    }

    var name: String { String(url.split(separator: "/").last ?? "") }

    /// Whether it keeps an order.
    var isFIFO: Bool { url.hasSuffix(".fifo") }
}

/// A message of a queue, which nobody else is given until it is shown again.
struct ReceivedMessage: Sendable {
    let id: String
    let body: String
    /// By which the queue knows that it was handed over.
    let receipt: String
    /// `{"NAME":{"DataType","StringValue" | "BinaryValue"},..}`
    let attributes: JSON
    /// Of a FIFO queue, these two.
    let group: String?
    let deduplicationID: String?
    /// When it was sent first; to a FIFO queue of dead letters: when it came there.
    let sentAt: Timestamp?

    init?(_ json: JSON) {
        guard let id = json["MessageId"]?.string, let receipt = json["ReceiptHandle"]?.string else { return nil }
        self.id = id
        self.receipt = receipt
        body = json["Body"]?.string ?? ""
        attributes = json["MessageAttributes"] ?? [:]
        let own = json["Attributes"]
        group = own?["MessageGroupId"]?.string
        deduplicationID = own?["MessageDeduplicationId"]?.string
        sentAt = own?["SentTimestamp"]?.string.flatMap { Int($0) }.map { Timestamp(epochMilliseconds: $0) }
    }
}

extension MessageQueue {
    /// Up to ten messages, those that come within a second. None: there are none that nobody else has, as far as SQS knows
    /// at the moment.
    ///
    /// - Parameter seconds: for which nobody else is given them.
    func receive(hiddenFor seconds: Int, in invocation: Invocation) throws(AWSError) -> [ReceivedMessage] {
        // With a wait all of SQS's servers are asked, and not some of them.
        let answer = try call(
            "ReceiveMessage",
            [
                "QueueUrl": .string(url), "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1,
                "VisibilityTimeout": .integer(seconds), "MessageSystemAttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            ], in: invocation)
        return (answer["Messages"]?.array ?? []).compactMap { ReceivedMessage($0) }
    }

    /// - Parameters:
    ///   - attributes: as they were received.
    ///   - group: of a FIFO queue, as what follows it: what was sent with it within five minutes is not sent again.
    func send(
        _ body: String, attributes: JSON, group: String? = nil, deduplicationID: String? = nil,
        in invocation: Invocation
    ) throws(AWSError) {
        var message: JSON = ["QueueUrl": .string(url), "MessageBody": .string(body)]
        if attributes.members?.isEmpty == false { message.add("MessageAttributes", attributes) }
        message.add("MessageGroupId", group.map { .string($0) })
        message.add("MessageDeduplicationId", deduplicationID.map { .string($0) })
        _ = try call("SendMessage", message, in: invocation)
    }

    func delete(_ message: ReceivedMessage, in invocation: Invocation) throws(AWSError) {
        _ = try call(
            "DeleteMessage", ["QueueUrl": .string(url), "ReceiptHandle": .string(message.receipt)], in: invocation)
    }

    /// It is given to whoever comes next.
    ///
    /// - Parameter receipt: the message's.
    func show(_ receipt: String, in invocation: Invocation) throws(AWSError) {
        _ = try call(
            "ChangeMessageVisibility",
            ["QueueUrl": .string(url), "ReceiptHandle": .string(receipt), "VisibilityTimeout": 0], in: invocation)
    }

    /// How many messages are in it, hidden ones too: about, as SQS knows it.
    func count(in invocation: Invocation) throws(AWSError) -> Int {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        let answer = try call(
            "GetQueueAttributes",
            ["QueueUrl": .string(url), "AttributeNames": .array(names.map { .string($0) })], in: invocation)
        return names.reduce(0) { $0 + (answer["Attributes"]?[$1]?.string.flatMap { Int($0) } ?? 0) }
    }

    private func call(_ operation: String, _ body: JSON, in invocation: Invocation) throws(AWSError) -> JSON {
        try retrying(in: invocation) { () throws(AWSError) in
            try client.call("AmazonSQS.\(operation)", body, in: invocation)
        }
    }
}
