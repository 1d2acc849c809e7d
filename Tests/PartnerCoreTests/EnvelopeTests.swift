import Testing

@testable import PartnerCore

@Suite("Envelopes around a message")
struct EnvelopeTests {
    static let order = #"{"userId":"u","amount":25.10,"actionCode":"a","clientReference":"order-1"}"#
    private static let quoted = order.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    private static let encoded = Base64.encode(Array(order.utf8))
    private static let notification =
        #"{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:us-east-1:1:t","Message":"\#(quoted)"}"#
    private static let push = #"{"message":{"data":"\#(encoded)","messageId":"1"},"subscription":"s"}"#

    private func open(_ text: String) throws -> JSON { try Envelope.open(json(text), for: takingMessages) }

    @Test(
        "an order comes out of whatever it is wrapped into",
        arguments: [
            order, notification, push,
            #"{"version":"0","id":"e","detail-type":"Reward Due","source":"shop","detail":\#(order)}"#,
            #"{"detail-type":"Reward Due","detail":{"detail-type":"Reward Due","detail":\#(order)}}"#,
            #"{"specversion":"1.0","id":"c","source":"/shop","type":"t","data":\#(order)}"#,
            #"{"specversion":"1.0","datacontenttype":"application/vnd.shop+json; charset=utf-8","data":\#(order)}"#,
            #"{"specversion":"1.0","data":null,"data_base64":"\#(encoded)"}"#,
            #"{"specversion":"1.0","type":"google.cloud.pubsub.topic.v1.messagePublished","data":\#(push)}"#,
        ])
    func opened(text: String) throws { #expect(try open(text) == json(Self.order)) }

    @Test(
        "what is wrapped into nothing is left to the order's own rules",
        arguments: ["{}", "[]", "7", #"{"Message":"x"}"#])
    func plain(text: String) throws { #expect(try open(text) == json(text)) }

    @Test(
        "what is not plain is refused by the envelope's name, and nothing of it repeated",
        arguments: [
            (
                #"{"Type":"SubscriptionConfirmation","TopicArn":"arn","Message":"secret"}"#,
                "is of SNS, and no notification"
            ),
            (#"{"Type":"Notification","TopicArn":"arn"}"#, "is an SNS notification without a Message"),
            (
                #"{"Type":"Notification","TopicArn":"arn","Message":"secret"}"#,
                "is an SNS notification that holds no JSON object"
            ),
            (
                #"{"Type":"Notification","TopicArn":"arn","Message":"[]"}"#,
                "is an SNS notification that holds no JSON object"
            ),
            (#"{"specversion":"0.3","data":{}}"#, "is a CloudEvent of another version than 1"),
            (#"{"specversion":"1.0"}"#, "is a CloudEvent whose data is no JSON object"),
            (#"{"specversion":"1.0","data":"secret"}"#, "is a CloudEvent whose data is no JSON object"),
            (#"{"specversion":"1.0","data":{},"data_base64":"e30="}"#, "is a CloudEvent whose data is no JSON object"),
            (#"{"specversion":"1.0","data_base64":"%"}"#, "is a CloudEvent with broken base64"),
            (#"{"specversion":"1.0","datacontenttype":"text/xml","data":{}}"#, "is a CloudEvent whose data is no JSON"),
            (#"{"Records":[{"eventSource":"aws:s3"}]}"#, "is a batch of records of its own: send what it is about"),
            (
                #"{"clientReference":"a","specversion":"1.0","data":{}}"#,
                "is a CloudEvent and has clientReference at once"
            ),
            (
                #"{"specversion":"1.0","detail-type":"t","detail":{},"data":{}}"#,
                "is an EventBridge event and a CloudEvent at once"
            ),
        ])
    func refused(text: String, reason: String) throws {
        #expect { try open(text) } throws: { error in
            let error = error as? FunctionError
            return error?.code == "INVALID_ENVELOPE" && error?.message == "The message \(reason)"
                && error?.isTransient == false
        }
    }

    @Test("a pushed message without its id or with broken data is refused")
    func brokenPush() throws {
        for text in [#"{"message":{"data":"e30="},"subscription":"s"}"#, #"{"message":{"messageId":"1","data":"%"}}"#] {
            #expect { try open(text) } throws: { ($0 as? FunctionError)?.code == "INVALID_EVENT" }
        }
    }

    @Test("a message may be wrapped four times, and not five")
    func deep() throws {
        var text = Self.order
        for _ in 0..<4 { text = #"{"specversion":"1.0","data":\#(text)}"# }
        #expect(try open(text) == json(Self.order))
        text = #"{"specversion":"1.0","data":\#(text)}"#
        #expect { try open(text) } throws: {
            ($0 as? FunctionError)?.message == "The message is wrapped more than 4 times"
        }
    }

    @Test("over HTTP: wrapped, unwrapped, and as CloudEvents in both modes; the sender's id comes along")
    func http() throws {
        func message(_ headers: Headers, _ body: String) throws -> (input: JSON, id: String?) {
            try Request(method: "POST", path: "/", headers: headers, body: Array(body.utf8))
                .message(as: .anything, for: takingMessages)
        }
        let structured: Headers = ["content-type": "application/cloudevents+json; charset=UTF-8"]
        let binary: Headers = ["ce-specversion": "1.0", "ce-id": "c-1", "Content-Type": "application/json"]
        let cases: [(Headers, String, String?)] = [
            (["Content-Type": "application/json"], Self.push, "1"),
            (["x-goog-pubsub-message-id": "7"], Self.order, "7"), (["Content-Type": "text/plain"], Self.order, nil),
            (structured, #"{"specversion":"1.0","id":"c-1","data":\#(Self.order)}"#, "c-1"),
            (binary, Self.order, "c-1"), (binary, Self.push, "1"),
        ]
        for (headers, body, id) in cases {
            let found = try message(headers, body)
            #expect(try found.input == json(Self.order) && found.id == id)
        }
        let refused: [(Headers, String, Int)] = [
            (["Content-Type": "application/cloudevents-batch+json"], "[\(Self.order)]", 400),
            (["ce-specversion": "0.3", "Content-Type": "application/json"], Self.order, 400),
            (["ce-specversion": "1.0", "Content-Type": "text/plain"], Self.order, 400), (structured, "[]", 400),
        ]
        for (headers, body, status) in refused {
            #expect { try message(headers, body) } throws: { ($0 as? FunctionError)?.status == status }
        }
    }
}
