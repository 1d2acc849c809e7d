/// A topic of Google Cloud Pub/Sub that events go to. A subscription that keeps the order has the events of one entity in
/// theirs.
public struct EventTopic: Sendable {
    private let name: String
    private let client: GoogleClient

    init(name: String, _ client: GoogleClient) {
        self.name = name
        self.client = client
    }

    /// `projects/shop/topics/ownerrez-events`
    static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        return parts.count == 4 && parts[0] == "projects" && GoogleProject.isID(parts[1]) && parts[2] == "topics"
            && isTopic(parts[3])
    }

    /// Filters of subscriptions see the attributes alone, so the kind is one.
    func publish(_ event: OutgoingEvent, in invocation: Invocation) -> EventRefusal? {
        let message: JSON = [
            "data": .string(Base64.encode(Array(event.text.utf8))),
            "attributes": .object(
                [JSON.Member("kind", .string(event.waiting.event.kind))]
                    + event.waiting.tellers.map { JSON.Member($0.name, .string($0.value)) }),
            "orderingKey": .string(event.waiting.event.entity),
        ]
        do throws(GoogleError) {
            try retrying(in: invocation) { () throws(GoogleError) in
                let answer = try client.call(
                    "publish", "\(name):publish", ["messages": .array([message])], in: invocation)
                guard answer["messageIds"]?.array?.count == 1 else { throw .unexpectedAnswer("no messageIds") }
            }
            return nil
        } catch {
            return EventRefusal(error, calling: "Pub/Sub publish")
        }
    }

    /// 3 to 255 letters, digits and some signs, a letter first (Pub/Sub, "Guidelines to name a topic"). A percent sign
    /// would be taken for an escape.
    private static func isTopic(_ text: String) -> Bool {
        guard (3...255).contains(text.utf8.count), let first = text.utf8.first, !first.isASCIIDigit else {
            return false
        }
        return first.isASCIIAlphanumeric
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-_.~+".utf8.contains($0) }
    }
}
