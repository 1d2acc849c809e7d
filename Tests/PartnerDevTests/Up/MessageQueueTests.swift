import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The queue before a function")
struct MessageQueueTests {
    private static let settings = Template.Queue(name: "Work", batchSize: 10, largestReceiveCount: 2)

    /// Waits until the queue says so.
    private func wait(_ queue: MessageQueue, until isSo: (JSON) -> Bool) -> Bool {
        for _ in 0..<400 {
            if isSo(queue.json) { return true }
            sleep(milliseconds: 25)
        }
        return false
    }

    @Test("a message comes as SQS hands it over, and is gone when the function says nothing of it")
    func delivered() throws {
        let events = Lock<[JSON]>([])
        let queue = MessageQueue(Self.settings) { request in
            events.withLock { $0.append((try? JSON.parse(request.body)) ?? .null) }
            return ["batchItemFailures": []]
        }
        defer { queue.stop() }
        let id = queue.send(["a": 1])
        #expect(wait(queue) { $0["delivered"] == 1 && $0["waiting"] == 0 })
        let record = try #require(events.withLock { $0 }.first?["Records"]?.array?.first)
        #expect(record["messageId"] == .string(id))
        #expect(record["body"] == #"{"a":1}"#)
        #expect(record["eventSource"] == "aws:sqs")
        #expect(record["attributes"]?["ApproximateReceiveCount"] == "1")
    }

    @Test("what failed comes again alone, and goes to the dead letters when it has failed too often")
    func dead() throws {
        let counts = Lock<[String]>([])
        let queue = MessageQueue(Self.settings) { request in
            let records = (try? JSON.parse(request.body))?["Records"]?.array ?? []
            let failed = records.filter { $0["body"] == #"{"bad":true}"# }
            for record in failed {
                counts.withLock { $0.append(record["attributes"]?["ApproximateReceiveCount"]?.string ?? "") }
            }
            return ["batchItemFailures": .array(failed.map { ["itemIdentifier": $0["messageId"] ?? .null] })]
        }
        defer { queue.stop() }
        _ = queue.send(["bad": true])
        _ = queue.send(["bad": false])
        #expect(wait(queue) { $0["dead"] == 1 && $0["waiting"] == 0 })
        #expect(queue.json["delivered"] == 1)
        #expect(counts.withLock { $0 } == ["1", "2"])
    }

    @Test("without an answer, or with an id that nobody knows, the whole batch has failed")
    func wholeBatch() {
        for answer: JSON? in [nil, ["batchItemFailures": [["itemIdentifier": "unknown"]]]] {
            let queue = MessageQueue(Template.Queue(name: "Work", batchSize: 10, largestReceiveCount: 1)) { _ in answer
            }
            defer { queue.stop() }
            _ = queue.send(["a": 1])
            #expect(wait(queue) { $0["dead"] == 1 })
        }
    }
}
