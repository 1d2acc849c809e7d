extension Request {
    /// The message that a service sends over HTTP, out of whatever it is wrapped into: JSON as it is, a push of Pub/Sub's,
    /// a CloudEvent in structured mode (`application/cloudevents+json`) or in binary mode (`ce-` headers, the data as the
    /// body).
    ///
    /// - Parameter types: what is taken beside CloudEvents.
    /// - Returns: the message, and its id where its sender gives it one.
    public func message(as types: MediaTypes, for about: About) throws(FunctionError) -> (input: JSON, id: String?) {
        let type = headers["Content-Type"].map(mediaType)
        let isStructured = type.map { equalIgnoringASCIICase($0, "application/cloudevents+json") } ?? false
        if let type, equalIgnoringASCIICase(type, "application/cloudevents-batch+json") {
            throw Envelope.refusal("is a batch of CloudEvents: send one at a time")
        }
        let isBinary = !isStructured && headers["ce-specversion"] != nil
        if isBinary { try Envelope.checkCloudEvent(version: headers["ce-specversion"], type: headers["Content-Type"]) }
        let body = try jsonObject(as: isStructured || isBinary ? .anyJSON : types)
        let id =
            body["message"]?["messageId"]?.string ?? (isBinary ? headers["ce-id"] : nil)
            ?? (body["specversion"] != nil ? body["id"]?.string : nil) ?? headers["x-goog-pubsub-message-id"]
        return (try Envelope.open(body, for: about), id)
    }
}
