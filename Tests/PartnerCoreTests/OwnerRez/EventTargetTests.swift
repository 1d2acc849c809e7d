import Testing

@testable import PartnerCore

@Suite("Where events go")
struct EventTargetTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }
    private static let text =
        #"{"id":1,"action":"entity_update","entity_type":"booking","entity_id":7,"#
        + #""entity":{"updated_utc":"2026-08-30T12:00:00Z"},"n":"é"}"#

    private func waiting() throws -> OutgoingEvent {
        let record = Record(
            key: RecordKey(partition: "ownerrez-inbox", sort: "1790000000000-0123456789ab"),
            attributes: ["event": Self.text, "receivedAt": "1790000000000"], revision: 1)
        return OutgoingEvent(try WaitingEvent(record), as: .verbatim, of: nil)
    }

    private func queue(_ name: String, at upstream: AWSUpstream) -> EventQueue {
        EventQueue(url: "https://sqs.eu-central-1.amazonaws.com/1/\(name)", upstream.client(.sqs))
    }

    @Test("a queue is sent the event as it came")
    func message() throws {
        let upstream = try AWSUpstream([.json(200, #"{"MessageId":"m"}"#)])
        #expect(try queue("events", at: upstream).send(waiting(), in: invocation) == nil)
        #expect(upstream.received.first?.headers["X-Amz-Target"] == "AmazonSQS.SendMessage")
        #expect(
            upstream.bodies("SendMessage") == [
                #"{"QueueUrl":"https://sqs.eu-central-1.amazonaws.com/1/events","#
                    + #""MessageBody":"{\"id\":1,\"action\":\"entity_update\",\"entity_type\":\"booking\","#
                    + #"\"entity_id\":7,\"entity\":{\"updated_utc\":\"2026-08-30T12:00:00Z\"},\"n\":\"é\"}","#
                    + #""MessageAttributes":{"receivedAt":{"DataType":"Number","StringValue":"1790000000000"},"#
                    + #""updatedUtc":{"DataType":"String","StringValue":"2026-08-30T12:00:00Z"}}}"#
            ])
    }

    @Test("a queue that keeps the order is told the entity, and the arrival against repetitions")
    func fifo() throws {
        let upstream = try AWSUpstream([.json(200, "{}")])
        #expect(try queue("events.fifo", at: upstream).send(waiting(), in: invocation) == nil)
        let body = try #require(upstream.bodies("SendMessage").first)
        #expect(
            body.hasSuffix(#","MessageGroupId":"booking/7","MessageDeduplicationId":"1790000000000-0123456789ab"}"#))
    }

    @Test("a bus is sent the event as the detail of OwnerRez's own kind")
    func entry() throws {
        let upstream = try AWSUpstream([.json(200, #"{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}"#)])
        #expect(try EventBus(name: "b", upstream.client(.eventBridge)).put(waiting(), in: invocation) == nil)
        #expect(upstream.received.first?.headers["X-Amz-Target"] == "AWSEvents.PutEvents")
        #expect(
            upstream.bodies("PutEvents") == [
                #"{"Entries":[{"EventBusName":"b","Source":"ownerrez","DetailType":"booking.entity_update","#
                    + #""Detail":"{\"id\":1,\"action\":\"entity_update\",\"entity_type\":\"booking\","#
                    + #"\"entity_id\":7,\"entity\":{\"updated_utc\":\"2026-08-30T12:00:00Z\"},\"n\":\"é\"}","#
                    + #""Time":1790000000,"#
                    + #""Resources":["receivedAt/1790000000000","updatedUtc/2026-08-30T12:00:00Z"]}]}"#
            ])
    }

    private func refusedEntry(_ code: String) -> AWSUpstream.Answer {
        .json(
            200,
            #"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"\#(code)","ErrorMessage":"Ada Lovelace's event"}]}"#)
    }

    @Test("an entry that is refused in a 200 is refused all the same")
    func refusedInSuccess() throws {
        let upstream = try AWSUpstream([refusedEntry("MalformedDetail")])
        let bus = EventBus(name: "b", upstream.client(.eventBridge))
        #expect(
            try bus.put(waiting(), in: invocation)
                == .ofThisEvent("EventBridge PutEvents: the request was refused (MalformedDetail)"))
        #expect(upstream.received.count == 1)
    }

    @Test("an entry that is refused for a moment is sent again", arguments: ["ThrottlingException", "InternalFailure"])
    func refusedForAMoment(code: String) throws {
        let upstream = try AWSUpstream([
            refusedEntry(code), .json(200, #"{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}"#),
        ])
        let bus = EventBus(name: "b", upstream.client(.eventBridge))
        #expect(try bus.put(waiting(), in: invocation) == nil)
        #expect(upstream.received.count == 2)
    }

    @Test("an answer without entries is no success")
    func noEntries() throws {
        let upstream = try AWSUpstream([.json(200, "{}")])
        let bus = EventBus(name: "b", upstream.client(.eventBridge))
        #expect(
            try bus.put(waiting(), in: invocation)
                == .ofAnyEvent("EventBridge PutEvents: unexpected answer: no Entries"))
    }

    @Test(
        "what is wrong with the event is told from what is wrong with the target",
        arguments: [
            ("InvalidMessageContents", true), ("InvalidParameterValue", true), ("QueueDoesNotExist", false),
            ("AccessDeniedException", false), ("KmsDisabled", false), ("ExpiredTokenException", false),
        ])
    func refusals(code: String, isOfThisEvent: Bool) throws {
        let upstream = try AWSUpstream([.error(400, code)])
        let refusal = try #require(try queue("events", at: upstream).send(waiting(), in: invocation))
        if case .ofThisEvent = refusal { #expect(isOfThisEvent) } else { #expect(!isOfThisEvent) }
        #expect(refusal.reason.contains(code))
        #expect(!refusal.reason.contains("Ada"))
    }

    private func topic(at upstream: GoogleUpstream) -> EventTopic {
        EventTopic(name: "projects/partner-test/topics/events", upstream.client(.pubSub))
    }

    @Test("a topic is sent the event as it came, with its entity as the ordering key")
    func published() throws {
        let upstream = try GoogleUpstream([.json(200, #"{"messageIds":["1"]}"#)])
        #expect(try topic(at: upstream).publish(waiting(), in: invocation) == nil)
        #expect(upstream.calls.first?.path == "/v1/projects/partner-test/topics/events:publish")
        #expect(upstream.calls.first?.headers["Authorization"] == "Bearer token-1")
        let data = Base64.encode(Array(Self.text.utf8))
        #expect(
            upstream.bodies("publish") == [
                #"{"messages":[{"data":"\#(data)","attributes":{"kind":"booking.entity_update","#
                    + #""receivedAt":"1790000000000","updatedUtc":"2026-08-30T12:00:00Z"},"orderingKey":"booking/7"}]}"#
            ])
    }

    @Test(
        "what a topic refuses of the event is told from what is wrong with the topic",
        arguments: [("INVALID_ARGUMENT", true), ("NOT_FOUND", false), ("PERMISSION_DENIED", false)])
    func refusedByTopic(status: String, isOfThisEvent: Bool) throws {
        let upstream = try GoogleUpstream([.google(400, status)])
        let refusal = try #require(try topic(at: upstream).publish(waiting(), in: invocation))
        if case .ofThisEvent = refusal { #expect(isOfThisEvent) } else { #expect(!isOfThisEvent) }
        #expect(!refusal.reason.contains("Ada"))
    }

    @Test("an answer without an id is no success of a topic's")
    func unpublished() throws {
        let upstream = try GoogleUpstream([.json(200, "{}")])
        #expect(
            try topic(at: upstream).publish(waiting(), in: invocation)
                == .ofAnyEvent("Pub/Sub publish: unexpected answer: no messageIds"))
    }

    @Test("pauses grow from a minute to an hour, and end after two hours or three days")
    func pauses() {
        #expect((1...8).map { EventRefusal.pauseMinutes(afterAttempts: $0) } == [1, 2, 4, 8, 16, 32, 60, 60])
        func minutes(_ refusal: EventRefusal) -> Int {
            (1..<refusal.mostAttempts).reduce(0) { $0 + EventRefusal.pauseMinutes(afterAttempts: $1) }
        }
        #expect(minutes(.ofThisEvent("")) == 123)
        #expect(minutes(.ofAnyEvent("")) == 63 + 73 * 60)
    }
}
