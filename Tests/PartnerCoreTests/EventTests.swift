import Testing

@testable import PartnerCore

@Suite("Events are told apart")
struct EventTests {
    @Test("an SQS batch becomes its messages")
    func batch() throws {
        guard case .batch(let messages) = try Event(decoding: json(fixture("reward-grant/sqs")), for: takingMessages)
        else { throw NotHTTP() }
        #expect(
            messages.map { $0.id } == ["059f36b4-87a3-44ab-83d2-661975830a7d", "2e1424d4-f796-459a-8184-9c92662be6da"])
        #expect(try json(messages[0].body)["clientReference"] == "order-12345")
    }

    @Test("a message's body that is no text fails that message alone, later")
    func bodyOfAnotherType() throws {
        let records = #"{"eventSource":"aws:sqs","messageId":"1","body":{}},{"eventSource":"aws:sqs","messageId":"2"}"#
        let text = #"{"Records":[\#(records)]}"#
        guard case .batch(let messages) = try Event(decoding: json(text), for: takingMessages) else { throw NotHTTP() }
        #expect(messages == [Message(id: "1", body: ""), Message(id: "2", body: "")])
    }

    @Test(
        "a message without an id fails the event: it could not be named in the answer",
        arguments: [#""#, #","messageId":null"#, #","messageId":7"#, #","messageId":"""#])
    func messageWithoutID(member: String) throws {
        let text = #"{"Records":[{"eventSource":"aws:sqs","body":"{}"\#(member)}]}"#
        #expect(try refusal(of: text) == "a record of the SQS event has no messageId")
    }

    @Test(
        "records of another service are refused by its name",
        arguments: ["aws:s3", "aws:kinesis", "aws:dynamodb"], [#"{"Records":[X]}"#, "[X]"])
    func otherRecords(source: String, shape: String) throws {
        let record = #"{"eventSource":"\#(source)","messageId":"1","s3":{"object":{"key":"k"}}}"#
        let parts = shape.split(separator: "X", omittingEmptySubsequences: false)
        let told = try refusal(of: parts.joined(separator: record))
        #expect(told?.hasPrefix("reward-grant takes no records of \(source); it takes HTTP events") == true)
    }

    @Test("a pipe's array of a queue's records is a batch")
    func pipe() throws {
        let event = try Event(decoding: json(fixture("reward-grant/pipe-sqs")), for: takingMessages)
        guard case .batch(let messages) = event else { throw NotHTTP() }
        #expect(messages.map { $0.group } == ["orders-a", "orders-b"])
        #expect(
            messages.map { $0.queue }
                == [String?](repeating: "arn:aws:sqs:us-east-1:123456789012:rewards.fifo", count: 2))
    }

    @Test("what a pipe makes of its records is worked off as one")
    func pipeInputs() throws {
        guard
            case .inputs(let inputs) = try Event(
                decoding: json(fixture("reward-grant/pipe-orders")), for: takingMessages)
        else { throw NotHTTP() }
        #expect(inputs.map { $0["clientReference"] } == ["order-12345", "order-12346"])
    }

    @Test("SNS calls a function with a notification, and names its topic")
    func notification() throws {
        guard
            case .input(let input, let origin) = try Event(
                decoding: json(fixture("reward-grant/sns")), for: takingMessages)
        else { throw NotHTTP() }
        #expect(try Envelope.open(input, for: takingMessages)["clientReference"] == "order-12345")
        #expect(origin?.way == .sns && origin?.name == "arn:aws:sns:us-east-1:123456789012:rewards")
    }

    @Test("messages of one group are one line, in their order; what has no group is a line of its own")
    func lines() {
        let groups = ["a", nil, "b", "a", nil, "b", "é", "e\u{301}"]
        let messages = groups.enumerated().map { Message(id: "\($0)", body: "", group: $1) }
        #expect(Message.lines(messages) == [[0, 3], [1], [2, 5], [4], [6], [7]])
    }

    @Test("the answer to a batch names the messages that go back")
    func batchAnswer() {
        #expect(
            String(decoding: Event.batchAnswer(failures: ["a", "b"]).text, as: UTF8.self)
                == #"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}"#)
        #expect(String(decoding: Event.batchAnswer(failures: []).text, as: UTF8.self) == #"{"batchItemFailures":[]}"#)
    }

    @Test("an EventBridge event becomes its detail")
    func eventBridge() throws {
        let event = try Event(decoding: json(fixture("reward-grant/eventbridge")), for: takingMessages)
        guard case .input(let detail, let origin) = event else { throw NotHTTP() }
        #expect(detail["clientReference"] == "order-12345")
        #expect(origin?.way == .eventBridge && origin?.name == "com.example.orders" && origin?.id.isEmpty == false)
        #expect(detail["detail-type"] == nil)
    }

    @Test("a direct invocation's input is taken as it is", arguments: ["direct", "direct-internal-user"])
    func direct(name: String) throws {
        let text = try fixture("reward-grant/\(name)")
        guard case .input(let input, from: nil) = try Event(decoding: json(text), for: takingMessages) else {
            throw NotHTTP()
        }
        #expect(try input == json(text))
    }

    static let strays = [
        "null", "[]", "{}", #""text""#, "7", "true",
        #"{"source":"serverless-plugin-warmup"}"#, #"{"warmer":true,"concurrency":3}"#,
        #"{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"hello"}}]}"#,
        #"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":""},{"eventSource":"aws:unheard"}]}"#,
        #"[{"eventSource":"aws:sqs","messageId":"1"},null]"#, #"[{"clientReference":"a"},{"other":1}]"#, "[7]", "[[]]",
        #"{"Records":[null]}"#, #"{"Records":["text"]}"#, #"{"Records":{}}"#,
        #"{"version":"0","source":"aws.events","detail-type":"Scheduled Event"}"#,
        #"{"detail-type":"Scheduled Event","detail":"text"}"#, #"{"detail-type":7,"detail":{}}"#,
        #"{"requestContext":{"http":{"method":"GET"}}}"#, #"{"requestContext":{"http":{}},"rawPath":"/"}"#,
        #"{"requestContext":{"http":{"method":7}},"rawPath":"/"}"#, #"{"requestContext":{"http":"GET"},"rawPath":"/"}"#,
        #"{"requestContext":{"elb":{}}}"#, #"{"httpMethod":"GET"}"#, #"{"httpMethod":null,"path":"/"}"#,
        #"{"httpMethod":"GET","path":["/"]}"#,
    ]

    @Test("anything else is refused, naming what is understood and nothing of what came", arguments: strays)
    func stray(text: String) throws {
        #expect(
            try refusal(of: text)
                == """
                reward-grant does not understand this event; it takes HTTP events of an API Gateway HTTP API or REST \
                API, a Function URL or a load balancer, SQS batches, EventBridge events with a detail, SNS \
                notifications, CloudEvents, arrays of EventBridge Pipes', and direct input with clientReference
                """)
    }

    @Test(
        "a function that takes HTTP only refuses messages and direct input",
        arguments: ["reward-grant/sqs", "reward-grant/eventbridge", "reward-grant/direct"])
    func messagesForHTTPOnly(name: String) throws {
        #expect(
            try refusal(of: fixture(name), by: httpOnly)
                == """
                token-relay does not understand this event; it takes HTTP events of an API Gateway HTTP API or REST \
                API, a Function URL or a load balancer
                """)
    }

    private func refusal(of text: String, by about: About = takingMessages) throws -> String? {
        let event = try json(text)
        do throws(EventError) {
            _ = try Event(decoding: event, for: about)
            return nil
        } catch {
            return error.description
        }
    }
}
