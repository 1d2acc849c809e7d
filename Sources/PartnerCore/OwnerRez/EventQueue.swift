/// A queue of Amazon SQS that events go to.
public struct EventQueue: Sendable {
    private let url: String
    private let client: AWSClient

    init(url: String, _ client: AWSClient) {
        self.url = url
        self.client = client
    }

    /// `https://sqs.eu-central-1.amazonaws.com/123456789012/events`
    static func isURL(_ text: String) -> Bool {
        guard let url = BaseURL(text) else { return false }
        // scheme, nothing, host, account, queue
        let parts = url.text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 5 && url.text == text && parts[3].utf8.allSatisfy { $0.isASCIIDigit } && !parts[3].isEmpty
            && isQueueName(parts[4])
    }

    /// A queue that keeps the order is told what belongs together, and what it has had within five minutes already.
    func send(_ event: OutgoingEvent, in invocation: Invocation) -> EventRefusal? {
        var body: JSON = ["QueueUrl": .string(url), "MessageBody": .string(event.text)]
        body.add("MessageAttributes", .object(event.waiting.tellers.map { JSON.Member($0.name, $0.forQueue) }))
        if url.hasSuffix(".fifo") {
            body.add("MessageGroupId", .string(event.waiting.event.entity))
            body.add("MessageDeduplicationId", .string(event.waiting.arrival))
        }
        do throws(AWSError) {
            _ = try retrying(in: invocation) { () throws(AWSError) in
                try client.call("AmazonSQS.SendMessage", body, in: invocation)
            }
            return nil
        } catch {
            return EventRefusal(error, calling: "SQS SendMessage")
        }
    }

    /// Up to 80 letters, digits, `-` and `_`, and `.fifo` behind some (CreateQueue).
    private static func isQueueName(_ text: Substring) -> Bool {
        let name = text.hasSuffix(".fifo") ? text.dropLast(5) : text
        return !name.isEmpty && text.utf8.count <= 80
            && name.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-_".utf8.contains($0) }
    }
}

extension WaitingEvent.Teller {
    fileprivate var forQueue: JSON {
        ["DataType": .string(isNumber ? "Number" : "String"), "StringValue": .string(value)]
    }
}
