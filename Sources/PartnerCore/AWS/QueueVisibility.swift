/// Hides messages of SQS's that nothing can be done with for a while, so that they wait in their queue instead of going to
/// the dead letters within minutes. Each time that one comes back counts toward the queue's `maxReceiveCount`.
public struct QueueVisibility: Sendable {
    private let client: AWSClient

    /// A message is hidden for 12 hours at most, from when it was received (SQS, ChangeMessageVisibility); Lambda may have
    /// had it for 15 minutes by then.
    static let longestSeconds = 43_200 - 900

    /// What is hidden until one moment comes back within a quarter of an hour after it, not all at once.
    static let spreadSeconds = 900

    /// Nil where no queue calls: it is Lambda that polls them, with the role's credentials in its environment. An emulator
    /// may have none, and messages come back at their usual time then.
    public init?(reading settings: inout SettingsReader) {
        let environment = settings.environment
        let isComplete = ["AWS_LAMBDA_RUNTIME_API", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].allSatisfy {
            environment[$0] != nil
        }
        guard isComplete, environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] != nil else { return nil }
        client = AWSClient(.sqs, reading: &settings)
    }

    /// What goes wrong is logged; the message comes back at its usual time then.
    public func hide(_ message: Message, seconds: Int, in invocation: Invocation) {
        guard let queue = message.queue.flatMap(Self.url), let handle = message.receiptHandle else { return }
        let body: JSON = [
            "QueueUrl": .string(queue), "ReceiptHandle": .string(handle),
            "VisibilityTimeout": .integer(Self.timeout(for: seconds)),
        ]
        do throws(AWSError) {
            _ = try retrying(in: invocation) { () throws(AWSError) in
                try client.call("AmazonSQS.ChangeMessageVisibility", body, in: invocation)
            }
        } catch {
            invocation.log.write(
                .warn, "a message comes back before it can be worked off", requestID: invocation.requestID,
                [
                    JSON.Member("subject", .string(message.id)),
                    JSON.Member("reason", .string("SQS ChangeMessageVisibility: \(error.description)")),
                ])
        }
    }

    static func timeout(for seconds: Int) -> Int {
        min(max(0, seconds).saturatingAdding(randomRevision() % spreadSeconds), longestSeconds)
    }

    /// `https://sqs.us-east-1.amazonaws.com/123456789012/rewards` of `arn:aws:sqs:us-east-1:123456789012:rewards`.
    static func url(ofQueue arn: String) -> String? {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "sqs" else { return nil }
        return "\(AWSService.sqs.defaultEndpoint(in: String(parts[3])))/\(parts[4])/\(parts[5])"
    }
}
