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
        guard case .input(let detail) = event else { throw NotHTTP() }
        #expect(detail["clientReference"] == "order-12345")
        #expect(detail["detail-type"] == nil)
    }

    @Test("a direct invocation's input is taken as it is", arguments: ["direct", "direct-internal-user"])
    func direct(name: String) throws {
        let text = try fixture("reward-grant/\(name)")
        guard case .input(let input) = try Event(decoding: json(text), for: takingMessages) else { throw NotHTTP() }
        #expect(try input == json(text))
    }

    static let strays = [
        "null", "[]", "{}", #""text""#, "7", "true", #"[{"eventSource":"aws:sqs"}]"#,
        #"{"source":"serverless-plugin-warmup"}"#, #"{"warmer":true,"concurrency":3}"#,
        #"{"Records":[{"cf":{"config":{"eventType":"viewer-request"},"request":{"method":"GET","uri":"/"}}}]}"#,
        #"{"Records":[{"eventSource":"aws:s3","messageId":"1","s3":{"object":{"key":"k"}}}]}"#,
        #"{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"hello"}}]}"#,
        #"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":""},{"eventSource":"aws:s3"}]}"#,
        #"{"Records":[null]}"#, #"{"Records":["text"]}"#, #"{"Records":{}}"#,
        #"{"version":"0","source":"aws.events","detail-type":"Scheduled Event"}"#,
        #"{"detail-type":"Scheduled Event","detail":"text"}"#, #"{"detail-type":7,"detail":{}}"#,
        #"{"requestContext":{"connectionId":"c","eventType":"CONNECT","routeKey":"$connect","stage":"prod"}}"#,
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
                API, a Function URL or a load balancer, SQS batches, EventBridge events with a detail, and direct \
                input with clientReference
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
