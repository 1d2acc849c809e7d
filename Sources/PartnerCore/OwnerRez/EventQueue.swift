/// A queue of Amazon SQS that events go to.
public struct EventQueue: Sendable {
    private let url: String
    private let client: AWSClient

    init(url: String, _ client: AWSClient) {
        self.url = url
        self.client = client
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
}

extension WaitingEvent.Teller {
    fileprivate var forQueue: JSON {
        ["DataType": .string(isNumber ? "Number" : "String"), "StringValue": .string(value)]
    }
}
