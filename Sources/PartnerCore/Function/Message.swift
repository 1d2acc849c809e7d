/// A message of a queue.
public struct Message: Sendable, Equatable {
    public let id: String
    public let body: String
    /// The queue's ARN, as the record names it.
    public let queue: String?
    /// Of a FIFO queue: messages of one group are worked off in their order, and none before an earlier one has succeeded.
    public let group: String?
    /// By which the queue knows that it was handed over; nil where nobody says.
    public let receiptHandle: String?

    public init(
        id: String, body: String, queue: String? = nil, group: String? = nil, receiptHandle: String? = nil
    ) {
        self.id = id
        self.body = body
        self.queue = queue
        self.group = group
        self.receiptHandle = receiptHandle
    }

    var origin: Origin { Origin(.sqs, name: queue, id: id) }
}
