/// A message that reward-grant did not grant, with the order that it holds, whatever it lies in.
///
/// A queue's dead letters are messages as they were sent. Lambda leaves an asynchronous invocation that failed as
/// `{"version":"1.0","requestContext":{..},"requestPayload":{..},"responsePayload":{"errorMessage",..},..}` (Lambda,
/// "Capturing records of Lambda asynchronous invocations"), EventBridge an event that it could not deliver as it is, with
/// the reason in the attribute `ERROR_CODE` (EventBridge, "Using dead-letter queues").
struct DeadLetter: Sendable {
    /// What is sent to the queue of orders.
    let body: String
    /// As it was understood; nil when it is no JSON.
    let input: JSON?
    /// What it failed with, in our own words or EventBridge's, where they lie beside it.
    let failure: String?

    private static let about = About(
        name: "rewards", summary: "orders of rewards", directInputHas: RewardOrder.members)

    init(_ message: ReceivedMessage) {
        let json = try? JSON.parse(Array(message.body.utf8))
        if let json, Self.about.memberOfDirectInput(json) == nil, let payload = json["requestPayload"],
            json["requestContext"]?["functionArn"]?.string != nil
        {
            input = payload
            body = String(decoding: payload.text, as: UTF8.self)
            failure = json["responsePayload"]?["errorMessage"]?.string ?? json["requestContext"]?["condition"]?.string
        } else {
            input = json
            body = message.body
            failure = message.attributes["ERROR_CODE"]?["StringValue"]?.string
        }
    }

    /// The order, out of what it is wrapped into, as reward-grant would take it from a message.
    func order() throws(FunctionError) -> JSON {
        guard let input else { throw .invalid("INVALID_JSON", "The message is no valid JSON") }
        return try Envelope.open(input, for: Self.about)
    }
}
