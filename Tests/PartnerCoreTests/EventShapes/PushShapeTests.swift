import Testing

@testable import PartnerCore

/// A body that a service posts, as it posts it.
struct PushShape: Sendable, CustomTestStringConvertible {
    let name: String
    let headers: Headers
    let body: String
    /// The order's reference, nil where it carries none; or the refusal's code.
    let reference: Result<String?, Refusal>
    var id: String?

    struct Refusal: Error, Equatable { let code: String }

    var testDescription: String { name }
}

@Suite("What services post is taken for what it is")
struct PushShapeTests {
    private static let json: Headers = ["Content-Type": "application/json"]
    private static let structured: Headers = ["Content-Type": "application/cloudevents+json; charset=utf-8"]

    private static func binary(_ type: String, content: String = "application/json") -> Headers {
        [
            "ce-specversion": "1.0", "ce-id": "c-1", "ce-source": "//inn", "ce-type": type,
            "ce-time": "2026-11-01T00:00:00Z",
            "Content-Type": content,
        ]
    }

    private static func push(_ members: String) -> String {
        #"""
        {"message":{\#(members)"messageId":"8","message_id":"8","publishTime":"2026-11-01T00:00:00Z",
         "publish_time":"2026-11-01T00:00:00Z"},"subscription":"projects/inn/subscriptions/s","deliveryAttempt":5}
        """#
    }

    private static func refused(_ code: String) -> Result<String?, PushShape.Refusal> { .failure(.init(code: code)) }

    private static let data = #""data":"\#(base64(stayOrder))","#

    static let pushed: [PushShape] = [
        PushShape(
            name: "Pub/Sub, wrapped, with attributes and an ordering key", headers: json,
            body: push(data + #""attributes":{"kind":"order"},"orderingKey":"k","#), reference: .success("stay-81"),
            id: "8"),
        PushShape(
            name: "Pub/Sub, unwrapped with its metadata",
            headers: [
                "x-goog-pubsub-message-id": "8", "x-goog-pubsub-subscription-name": "projects/inn/subscriptions/s",
                "x-goog-pubsub-publish-time": "2026-11-01T00:00:00Z", "x-goog-pubsub-ordering-key": "k",
            ], body: stayOrder, reference: .success("stay-81"), id: "8"),
        PushShape(
            name: "Pub/Sub, unwrapped without its metadata", headers: [:], body: stayOrder,
            reference: .success("stay-81")),
        PushShape(
            name: "Pub/Sub, attributes only", headers: json, body: push(#""attributes":{"kind":"order"},"#),
            reference: refused("INVALID_EVENT")),
        PushShape(
            name: "Pub/Sub, a text", headers: json, body: push(#""data":"aGVsbG8=","#),
            reference: refused("INVALID_JSON")),
        PushShape(
            name: "Pub/Sub, what Cloud Storage notices", headers: json,
            body: push(
                #""attributes":{"eventType":"OBJECT_FINALIZE"},"data":"\#(base64(#"{"kind":"storage#object","name":"a"}"#))","#
            ), reference: .success(nil), id: "8"),
        PushShape(
            name: "Pub/Sub, a notification of SNS that was passed on", headers: json,
            body: push(
                #""data":"\#(base64(#"{"Type":"Notification","TopicArn":"arn:a","Message":\#(quoted(stayOrder))}"#))","#
            ),
            reference: .success("stay-81"), id: "8"),
        PushShape(
            name: "Pub/Sub by Eventarc, the event's attributes in headers",
            headers: binary("google.cloud.pubsub.topic.v1.messagePublished"), body: push(data),
            reference: .success("stay-81"), id: "8"),
        PushShape(
            name: "a function's first generation: context and data",
            headers: json,
            body:
                #"{"context":{"eventId":"1"},"data":{"@type":"type.example/PubsubMessage","data":"\#(base64(stayOrder))"}}"#,
            reference: .success(nil)),
    ]

    static let cloudEvents: [PushShape] = [
        PushShape(
            name: "CloudEvent in one piece", headers: structured,
            body: #"{"specversion":"1.0","id":"c-1","source":"//inn","type":"stay.over","data":\#(stayOrder)}"#,
            reference: .success("stay-81"), id: "c-1"),
        PushShape(
            name: "CloudEvent in one piece, with base64 and attributes of its own", headers: structured,
            body: #"""
                {"specversion":"1.0","id":"c-1","source":"//inn","type":"stay.over","tenant":7,"dataschema":null,
                 "subject":"a","datacontenttype":"application/json","data_base64":"\#(base64(stayOrder))"}
                """#, reference: .success("stay-81"), id: "c-1"),
        PushShape(
            name: "CloudEvent without data", headers: structured,
            body: #"{"specversion":"1.0","id":"c-1","source":"//inn","type":"stay.over"}"#,
            reference: refused("INVALID_ENVELOPE")),
        PushShape(
            name: "CloudEvent of the version before", headers: structured,
            body: #"{"cloudEventsVersion":"0.1","specversion":"0.2","id":"c-1","data":\#(stayOrder)}"#,
            reference: refused("INVALID_ENVELOPE")),
        PushShape(
            name: "CloudEvents in a batch", headers: ["Content-Type": "application/cloudevents-batch+json"],
            body: #"[{"specversion":"1.0","data":\#(stayOrder)}]"#, reference: refused("INVALID_ENVELOPE")),
        PushShape(
            name: "CloudEvent with its attributes in headers", headers: binary("stay.over"), body: stayOrder,
            reference: .success("stay-81"), id: "c-1"),
        PushShape(
            name: "Eventarc, an object in Cloud Storage", headers: binary("google.cloud.storage.object.v1.finalized"),
            body: #"{"kind":"storage#object","bucket":"b","name":"n","size":"352","metageneration":"1"}"#,
            reference: .success(nil), id: "c-1"),
        PushShape(
            name: "Eventarc, a document in Firestore as a protocol buffer",
            headers: binary("google.cloud.firestore.document.v1.written", content: "application/protobuf"),
            body: "\u{0a}\u{04}stay", reference: refused("INVALID_ENVELOPE")),
        PushShape(
            name: "Eventarc, an audit log", headers: binary("google.cloud.audit.log.v1.written"),
            body: #"{"protoPayload":{"methodName":"m","authenticationInfo":{"principalEmail":"a@example.com"}}}"#,
            reference: .success(nil), id: "c-1"),
    ]

    static let jobs: [PushShape] = [
        PushShape(
            name: "Cloud Scheduler, its body of bytes",
            headers: [
                "User-Agent": "Google-Cloud-Scheduler", "X-CloudScheduler": "true", "X-CloudScheduler-JobName": "j",
                "Content-Type": "application/octet-stream",
            ], body: stayOrder, reference: .success("stay-81")),
        PushShape(
            name: "Cloud Scheduler without a body", headers: ["X-CloudScheduler": "true"], body: "",
            reference: refused("BODY_REQUIRED")),
        PushShape(
            name: "Cloud Tasks",
            headers: [
                "Content-Type": "application/json", "X-CloudTasks-TaskName": "t", "X-CloudTasks-QueueName": "q",
                "X-CloudTasks-TaskRetryCount": "1", "X-CloudTasks-TaskETA": "1790000000.123",
            ], body: stayOrder, reference: .success("stay-81")),
        PushShape(
            name: "SNS that asks whether it may", headers: ["Content-Type": "text/plain; charset=UTF-8"],
            body: #"{"Type":"SubscriptionConfirmation","TopicArn":"arn:a","SubscribeURL":"u","Message":"m"}"#,
            reference: refused("INVALID_ENVELOPE")),
        PushShape(
            name: "a chat's message, which is called message too", headers: json,
            body: #"{"update_id":1,"message":{"message_id":2,"text":\#(quoted(stayOrder))}}"#, reference: .success(nil)),
    ]

    @Test("an order, or none, or a refusal by its code", arguments: pushed + cloudEvents + jobs)
    func message(shape: PushShape) throws {
        let request = Request(method: "POST", path: "/", headers: shape.headers, body: Array(shape.body.utf8))
        let message: (input: JSON, id: String?)
        do throws(FunctionError) { message = try request.message(as: .anything, for: takingMessages) } catch {
            #expect(shape.reference == .failure(.init(code: error.code)))
            #expect(error.status == 400 && !error.isTransient)
            return
        }
        #expect(shape.reference == .success(message.input["clientReference"]?.string))
        #expect(message.id == shape.id)
    }

    @Test("a message with attributes only is told that it lacks its data")
    func attributesOnly() throws {
        let push = try PartnerCoreTests.json(Self.push(#""attributes":{"kind":"order"},"#))
        #expect { try PubSubMessage(push: push) } throws: {
            ($0 as? FunctionError)?.message == "The pushed message has no data"
        }
    }
}
