/// A bus of Amazon EventBridge that events go to, as the source `ownerrez`.
public struct EventBus: Sendable {
    private let name: String
    private let client: AWSClient

    init(name: String, _ client: AWSClient) {
        self.name = name
        self.client = client
    }

    /// A bus's name or ARN (PutEvents).
    static func isName(_ text: String) -> Bool {
        (1...1600).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "/.-_:".utf8.contains($0) }
    }

    func put(_ event: OutgoingEvent, in invocation: Invocation) -> EventRefusal? {
        let entry: JSON = [
            "EventBusName": .string(name), "Source": "ownerrez", "DetailType": .string(event.waiting.event.kind),
            "Detail": .string(event.text),
            // `Time` reaches receivers in whole seconds, `Resources` as they are.
            "Time": .integer(event.waiting.receivedAt.epochSeconds),
            "Resources": .array(event.waiting.tellers.map { .string("\($0.name)/\($0.value)") }),
        ]
        do throws(AWSError) {
            try retrying(in: invocation) { () throws(AWSError) in
                let answer = try client.call("AWSEvents.PutEvents", ["Entries": .array([entry])], in: invocation)
                try Self.check(answer)
            }
            return nil
        } catch {
            return EventRefusal(error, calling: "EventBridge PutEvents")
        }
    }

    /// The answer is 200 for refused entries as well.
    private static func check(_ answer: JSON) throws(AWSError) {
        guard let entry = answer["Entries"]?.array?.first else { throw .unexpectedAnswer("no Entries") }
        guard entry["EventId"]?.string == nil else { return }
        throw AWSError(code: entry["ErrorCode"]?.string, status: 400)
    }
}
