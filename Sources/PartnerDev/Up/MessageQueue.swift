import PartnerCore

/// A queue before a function, as SQS is with a redrive policy: delivered in batches, what failed comes again, and what
/// failed too often goes to the dead letters. Only the waiting in between is shorter.
final class MessageQueue: Sendable {
    static let visibilityMilliseconds = 2000

    private struct Message {
        let id: String
        let body: String
        var receiveCount = 0
        var visible: Deadline
    }

    private struct State {
        var waiting: [Message] = []
        var dead: [Message] = []
        var delivered = 0
        var isStopping = false
    }

    let name: String
    private let queue: Template.Queue
    /// Hands a batch to the function; nil when there was no answer.
    private let deliver: @Sendable (Request) -> JSON?
    private let state = Lock(State())

    init(_ queue: Template.Queue, deliver: @escaping @Sendable (Request) -> JSON?) {
        name = queue.name
        self.queue = queue
        self.deliver = deliver
        start { [weak self] in
            while let self, self.deliverBatch() {}
        }
    }

    /// - Returns: the message's id.
    func send(_ body: JSON) -> String {
        let message = Message(
            id: newID(), body: String(decoding: body.text, as: UTF8.self), visible: .after(milliseconds: 0))
        state.withLock { $0.waiting.append(message) }
        state.notify()
        return message.id
    }

    func forget() {
        state.withLock { state in
            state.waiting = []
            state.dead = []
            state.delivered = 0
        }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        state.notify()
    }

    var json: JSON {
        state.withLock { state in
            [
                "name": .string(name), "waiting": .integer(state.waiting.count), "dead": .integer(state.dead.count),
                "delivered": .integer(state.delivered), "largestReceiveCount": .integer(queue.largestReceiveCount),
            ]
        }
    }

    /// - Returns: whether to go on.
    private func deliverBatch() -> Bool {
        // Looked at again after a while: nothing tells when a failed message becomes visible again.
        let batch: [Message]? = state.wait(until: .after(milliseconds: 250)) { state in
            if state.isStopping { return [] }
            let visible = state.waiting.filter { $0.visible.remainingMilliseconds <= 0 }.prefix(queue.batchSize)
            guard !visible.isEmpty else { return nil }
            for message in visible {
                guard let index = state.waiting.firstIndex(where: { $0.id == message.id }) else { continue }
                state.waiting[index].receiveCount += 1
                state.waiting[index].visible = .after(milliseconds: 3_600_000)
            }
            return state.waiting.filter { message in visible.contains { $0.id == message.id } }
        }
        guard let batch else { return true }
        guard !batch.isEmpty else { return false }
        let answer = deliver(event(of: batch))
        let failures = answer.map { ($0["batchItemFailures"]?.array ?? []).compactMap { $0["itemIdentifier"]?.string } }
        settle(batch, failed: failures ?? batch.map { $0.id })
        return true
    }

    /// An id that nobody knows fails the whole batch, as Lambda has it.
    private func settle(_ batch: [Message], failed: [String]) {
        let ids = batch.map { $0.id }
        let failed = failed.allSatisfy { ids.contains($0) } ? failed : ids
        state.withLock { state in
            for id in ids {
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { continue }
                if !failed.contains(id) {
                    state.waiting.remove(at: index)
                    state.delivered += 1
                } else if state.waiting[index].receiveCount >= queue.largestReceiveCount {
                    state.dead.append(state.waiting.remove(at: index))
                } else {
                    state.waiting[index].visible = .after(milliseconds: Self.visibilityMilliseconds)
                }
            }
        }
    }

    /// As Lambda's poller hands it over.
    private func event(of batch: [Message]) -> Request {
        let records = batch.map { message -> JSON in
            [
                "messageId": .string(message.id), "receiptHandle": "development", "body": .string(message.body),
                "attributes": ["ApproximateReceiveCount": .string("\(message.receiveCount)")],
                "messageAttributes": [:], "eventSource": "aws:sqs",
                "eventSourceARN": .string("arn:aws:sqs:us-east-1:123456789012:\(name)"), "awsRegion": "us-east-1",
            ]
        }
        let count = batch.count == 1 ? "1 message" : "\(batch.count) messages"
        return Request(
            method: "Invoke", path: count, headers: ["Content-Type": "application/json"],
            body: JSON.object([JSON.Member("Records", .array(records))]).text)
    }
}
