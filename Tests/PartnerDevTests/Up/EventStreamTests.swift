import Foundation
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The server that events are posted to")
struct EventStreamTests {
    private static let vector: Headers = [
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ]

    /// With the secret of the test vector that Standard Webhooks' own libraries share.
    private func stream(at seconds: Int = 1_614_265_330) -> EventStream {
        let key = Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") ?? Data()
        return EventStream(key: Array(key), now: { Timestamp(epochSeconds: seconds) })
    }

    private func status(_ stream: EventStream, _ headers: Headers, _ body: String) -> Int? {
        let request = Request(method: "POST", path: "/events", headers: headers, body: Array(body.utf8))
        guard case .response(let response, _) = stream.reply(to: request) else { return nil }
        return response.status
    }

    @Test("what is signed as Standard Webhooks has it is taken, once; nothing else is")
    func signatures() {
        let stream = stream()
        let body = #"{"test": 2432232314}"#
        #expect(stream.secret == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(status(stream, Self.vector, #"{"test": 2432232315}"#) == 401)
        #expect(status(stream, ["webhook-id": "msg_1"], body) == 401)
        #expect(stream.count == 0)
        #expect(status(stream, Self.vector, body) == 204)
        #expect(status(stream, Self.vector, body) == 204)
        #expect(stream.count == 1)
        #expect(status(self.stream(at: 1_614_265_330 + 301), Self.vector, body) == 401, "too old")
        stream.forget()
        #expect(stream.count == 0 && stream.json == ["events": []])
    }

    @Test("an event shows its envelope; without one, what it is about")
    func shown() throws {
        let key = EventStream.newKey()
        let stream = EventStream(key: key)
        let event = #"{"id":"1","user_id":7,"action":"entity_update","entity_type":"booking","entity_id":5}"#
        let envelope =
            #"{"subject":"user-42","connection":"7","source":"reconcile","sequence":"0001-a","event":\#(event)}"#
        for (id, body) in [("a", event), ("b", envelope)] {
            let time = "\(Timestamp.now().epochSeconds)"
            let code = EventStream.code(Array("\(id).\(time).\(body)".utf8), key: key)
            let signature = "v1," + Data(code).base64EncodedString()
            let headers: Headers = ["webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature]
            #expect(status(stream, headers, body) == 204)
        }
        let events = try #require(stream.json["events"]?.array)
        #expect(events.map { $0["kind"] } == ["booking.entity_update", "booking.entity_update"])
        #expect(events.map { $0["entity"] } == ["booking/5", "booking/5"])
        #expect(events.map { $0["source"] } == ["reconcile", .null])
        #expect(events[0]["subject"] == "user-42" && events[0]["sequence"] == "0001-a" && events[0]["number"] == 2)
    }
}
