/// A message that Pub/Sub pushes: `{"message":{"data":base64,"messageId":..,"attributes":{..}},"subscription":..}`.
/// (Google, Push subscriptions: the wrapped form.)
public struct PubSubMessage: Sendable {
    public let id: String
    /// The publisher's bytes.
    public let data: [UInt8]

    public init(push: JSON) throws(FunctionError) {
        let message = push["message"]
        guard let id = message?["messageId"]?.string, !id.isEmpty else {
            throw .invalid("INVALID_EVENT", "The body is no message that Pub/Sub pushes")
        }
        // Pub/Sub leaves it out of a message that has attributes only.
        guard let data = message?["data"]?.string else {
            throw .invalid("INVALID_EVENT", "The pushed message has no data")
        }
        guard let bytes = Base64.decode(data) else {
            throw .invalid("INVALID_EVENT", "The data of the pushed message is no base64")
        }
        self.id = id
        self.data = bytes
    }

    /// The data, when that is JSON.
    public func json() throws(FunctionError) -> JSON {
        do throws(JSONError) { return try JSON.parse(data) } catch {
            throw .invalid("INVALID_JSON", "The message is no valid JSON: \(error.description)")
        }
    }
}
