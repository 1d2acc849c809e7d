@testable import PartnerCore

/// Events that may carry an order, and those that come the same way and carry none.
enum MessageShapes {
    private static let queue = "arn:aws:sqs:us-east-1:210987654321:stays"
    private static let topic = "arn:aws:sns:us-east-1:210987654321:stays"

    private static func record(_ id: String, _ body: String, attributes: String = "", more: String = "") -> String {
        #"""
        {"messageId":"\#(id)","receiptHandle":"h","body":\#(quoted(body)),"attributes":{"ApproximateReceiveCount":"1",
         "SentTimestamp":"1790000000123","SenderId":"AIDA"\#(attributes)},"messageAttributes":{},"md5OfBody":"d41d8c",
         "eventSource":"aws:sqs","eventSourceARN":"\#(queue)","awsRegion":"us-east-1"\#(more)}
        """#
    }

    private static func notification(_ message: String) -> String {
        #"""
        {"Type":"Notification","MessageId":"n-1","TopicArn":"\#(topic)","Subject":null,"Message":\#(quoted(message)),
         "Timestamp":"2026-11-01T00:00:00.000Z","SignatureVersion":"1","Signature":"s","SigningCertUrl":"u",
         "UnsubscribeUrl":"u","MessageAttributes":{"kind":{"Type":"String","Value":"order"}}}
        """#
    }

    private static func bus(_ type: String, source: String, _ detail: String) -> String {
        #"""
        {"version":"0","id":"e-1","detail-type":"\#(type)","source":"\#(source)","account":"210987654321",
         "time":"2026-11-01T00:00:00Z","region":"us-east-1","resources":[],"detail":\#(detail)}
        """#
    }

    static let queues: [EventShape] = [
        EventShape(
            "SQS, two messages", #"{"Records":[\#(record("m-1", stayOrder)),\#(record("m-2", "hello"))]}"#,
            .batch(["m-1", "m-2"], carrying: ["stay-81", nil])),
        EventShape(
            "SQS, a FIFO queue",
            #"""
            {"Records":[\#(record(
                "m-1", stayOrder,
                attributes: #","SequenceNumber":"18849496460467696128","MessageGroupId":"g","MessageDeduplicationId":"d""#
            ))]}
            """#, .batch(["m-1"], carrying: ["stay-81"])),
        EventShape(
            "SQS, a notification of SNS in the body", #"{"Records":[\#(record("m-1", notification(stayOrder)))]}"#,
            .batch(["m-1"], carrying: ["stay-81"])),
        EventShape(
            "SQS, an EventBridge event in the body",
            #"{"Records":[\#(record("m-1", bus("Stay Over", source: "inn.example", stayOrder)))]}"#,
            .batch(["m-1"], carrying: ["stay-81"])),
        EventShape("SQS, an empty body", #"{"Records":[\#(record("m-1", ""))]}"#, .batch(["m-1"], carrying: [nil])),
        EventShape(
            "SQS, attributes of messages with lists, binaries and a long text",
            #"""
            {"Records":[\#(record("m-1", stayOrder)),{"messageId":"m-2","eventSource":"aws:sqs","body":\#(quoted(stayOrder)),
             "attributes":null,"messageAttributes":{"n":{"stringValue":"100","stringListValues":[],"dataType":"Number",
             "binaryListValues":[]},"b":{"binaryValue":"AP8=","dataType":"Binary"},
             "t":{"stringValue":"\#(String(repeating: "x", count: 20_000))","dataType":"String"}}}]}
            """#, .batch(["m-1", "m-2"], carrying: ["stay-81", "stay-81"])),
        EventShape(
            "SQS, which was given up on before: the queue that it came from is in its attributes",
            #"{"Records":[\#(record("m-1", stayOrder, attributes: #","DeadLetterQueueSourceArn":"\#(queue)""#))]}"#,
            .batch(["m-1"], carrying: ["stay-81"])),
        EventShape(
            "SQS, S3's test when a bucket is told to notify",
            #"{"Records":[\#(record("m-1", #"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#))]}"#,
            .batch(["m-1"], carrying: [nil])),
        EventShape(
            "SQS, S3's records in the body",
            #"{"Records":[\#(record("m-1", #"{"Records":[{"eventSource":"aws:s3","s3":{"object":{}}}]}"#))]}"#,
            .batch(["m-1"], carrying: [nil])),
        EventShape(
            "SQS, what Lambda says of an order that failed: it has failed for good",
            #"""
            {"Records":[\#(record(
                "m-1",
                #"{"version":"1.0","requestContext":{"condition":"RetriesExhausted"},"requestPayload":\#(stayOrder)}"#))]}
            """#, .batch(["m-1"], carrying: [nil])),
        EventShape("SQS without a message", #"{"Records":[]}"#, .refused("does not understand this event")),
        EventShape(
            "pipe from a queue", #"[\#(record("m-1", stayOrder))]"#, .batch(["m-1"], carrying: ["stay-81"])),
        EventShape(
            "pipe with orders that it has made", "[\(stayOrder),\(stayOrder)]", .inputs(["stay-81", "stay-81"])),
        EventShape(
            "pipe with EventBridge events", "[\(bus("Stay Over", source: "inn.example", stayOrder))]",
            .inputs(["stay-81"])),
        EventShape("pipe with texts", #"["\#(base64(stayOrder))"]"#, .refused("does not understand this event")),
    ]

    static let notices: [EventShape] = [
        EventShape(
            "SNS",
            #"""
            {"Records":[{"EventVersion":"1.0","EventSource":"aws:sns","EventSubscriptionArn":"\#(topic):1",
             "Sns":\#(notification(stayOrder))}]}
            """#, .input("stay-81", from: Origin(.sns, name: topic, id: "n-1"))),
        EventShape(
            "SNS, a text", #"{"Records":[{"EventSource":"aws:sns","Sns":\#(notification("disk is full"))}]}"#,
            .input(nil, from: Origin(.sns, name: topic, id: "n-1"))),
        EventShape(
            "SNS, an alarm of CloudWatch",
            #"""
            {"Records":[{"EventSource":"aws:sns","Sns":\#(notification(
                #"{"AlarmName":"a","NewStateValue":"ALARM","Trigger":{"Dimensions":[],"Period":60}}"#))}]}
            """#, .input(nil, from: Origin(.sns, name: topic, id: "n-1"))),
        EventShape(
            "EventBridge, our own event", bus("Stay Over", source: "inn.example", stayOrder),
            .input("stay-81", from: Origin(.eventBridge, name: "inn.example", id: "e-1"))),
        EventShape(
            "EventBridge, a rule's schedule, which warms up with some plugins",
            bus("Scheduled Event", source: "aws.events", "{}"),
            .input(nil, from: Origin(.eventBridge, name: "aws.events", id: "e-1"))),
        EventShape(
            "EventBridge Scheduler without an input: its detail is a text",
            bus("Scheduled Event", source: "aws.scheduler", #""{}""#), .refused("does not understand this event")),
        EventShape(
            "EventBridge, an object in S3",
            bus("Object Created", source: "aws.s3", #"{"version":"0","bucket":{"name":"b"},"object":{"key":"k"}}"#),
            .input(nil, from: Origin(.eventBridge, name: "aws.s3", id: "e-1"))),
        EventShape(
            "EventBridge, a partner's",
            bus("customer.created", source: "aws.partner/pay.example/1", #"{"id":"evt_1","data":{"object":{}}}"#),
            .input(nil, from: Origin(.eventBridge, name: "aws.partner/pay.example/1", id: "e-1"))),
        EventShape(
            "EventBridge, CodePipeline's state, its version a number with a fraction",
            bus("CodePipeline Action Execution State Change", source: "aws.codepipeline", #"{"version":1.0}"#),
            .input(nil, from: Origin(.eventBridge, name: "aws.codepipeline", id: "e-1"))),
        EventShape(
            "EventBridge, what CloudTrail saw",
            bus(
                "AWS API Call via CloudTrail", source: "aws.ecr",
                #"{"userIdentity":{"type":"AssumedRole","arn":"arn:a"},"requestParameters":null,"responseElements":null}"#
            ),
            .input(nil, from: Origin(.eventBridge, name: "aws.ecr", id: "e-1"))),
        EventShape(
            "EventBridge with an id of another type and no source",
            #"{"id":7,"detail-type":"Stay Over","detail":\#(stayOrder)}"#,
            .input("stay-81", from: Origin(.eventBridge, id: ""))),
        EventShape("Step Functions, the state's input", stayOrder, .input("stay-81")),
        EventShape(
            "Step Functions, the input beside a task's token",
            #"{"taskToken":"t","input":\#(stayOrder)}"#, .refused("does not understand this event")),
        EventShape(
            "CloudEvent handed to a direct invocation",
            #"{"specversion":"1.0","id":"c-1","source":"//inn","type":"stay.over","data":\#(stayOrder)}"#,
            .input("stay-81", from: Origin(.cloudEvent, name: "//inn", id: "c-1"))),
    ]
}
