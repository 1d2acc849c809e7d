/// What others wrap a message into on its way. Each is told by members that it always has.
public enum Envelope: Sendable, CaseIterable {
    /// `{"Type":"Notification","TopicArn","MessageId","Message":"..",..}` (Amazon SNS, HTTP/HTTPS notification JSON
    /// format; a queue gets the same unless raw message delivery is on).
    case notification
    /// `{"version":"0","id","detail-type","source","detail":{..},..}` (Amazon EventBridge, Event structure).
    case event
    /// `{"specversion":"1.0","id","source","type","data":{..}}` (CloudEvents, JSON event format 1.0, section 3).
    case cloudEvent
    /// `{"message":{"data":base64,"messageId",..},"subscription"}` (Google Pub/Sub, wrapped push).
    case push
    /// `{"Records":[{"eventSource":"aws:s3",..}]}`, as AWS's services call Lambda; never opened within a message.
    case records

    var name: String {
        switch self {
        case .notification: "an SNS notification"
        case .event: "an EventBridge event"
        case .cloudEvent: "a CloudEvent"
        case .push: "a message that Pub/Sub pushes"
        case .records: "a batch of records"
        }
    }

    /// More would be somebody's mistake, or an attempt.
    private static let deepest = 4

    /// What a function can work with, out of whatever it is wrapped into. JSON that is wrapped into nothing is as it was,
    /// whether or not it is any good.
    public static func open(_ input: JSON, for about: About) throws(FunctionError) -> JSON {
        var json = input
        for depth in 0... {
            let envelopes = allCases.filter { $0.holds(json) }
            guard let envelope = envelopes.first else { return json }
            if depth == deepest { break }
            if envelopes.count > 1 { throw refusal("is \(envelope.name) and \(envelopes[1].name) at once") }
            if let member = about.memberOfDirectInput(json) {
                throw refusal("is \(envelope.name) and has \(member) at once")
            }
            json = try envelope.content(of: json)
        }
        throw refusal("is wrapped more than \(deepest) times")
    }

    func holds(_ json: JSON) -> Bool {
        switch self {
        case .notification: json["Type"]?.string != nil && json["TopicArn"]?.string != nil
        case .event: json["detail-type"]?.string != nil && json["detail"]?.members != nil
        case .cloudEvent: json["specversion"]?.string != nil
        case .push:
            json["message"]?.members != nil && (json["subscription"] != nil || json["message"]?["messageId"] != nil)
        case .records: json["Records"]?.array != nil
        }
    }

    private func content(of json: JSON) throws(FunctionError) -> JSON {
        switch self {
        case .notification:
            guard json["Type"]?.string == "Notification" else { throw Self.refusal("is of SNS, and no notification") }
            guard let text = json["Message"]?.string else { throw Self.refusal("is \(name) without a Message") }
            return try object(in: Array(text.utf8))
        case .event: return json["detail"] ?? .null
        case .cloudEvent:
            try Self.checkCloudEvent(version: json["specversion"]?.string, type: json["datacontenttype"]?.string)
            switch (json["data"]?.present, json["data_base64"]?.present) {
            case (.object(let members)?, nil): return .object(members)
            case (nil, .string(let text)?):
                guard let bytes = Base64.decode(text) else { throw Self.refusal("is \(name) with broken base64") }
                return try object(in: bytes)
            default: throw Self.refusal("is \(name) whose data is no JSON object")
            }
        case .push: return try PubSubMessage(push: json).json()
        case .records: throw Self.refusal("is \(name) of its own: send what it is about")
        }
    }

    private func object(in bytes: [UInt8]) throws(FunctionError) -> JSON {
        guard let json = try? JSON.parse(bytes), json.members != nil else {
            throw Self.refusal("is \(name) that holds no JSON object")
        }
        return json
    }

    static func checkCloudEvent(version: String?, type: String?) throws(FunctionError) {
        guard let version, version.utf8.starts(with: "1.".utf8) else {
            throw refusal("is \(Envelope.cloudEvent.name) of another version than 1")
        }
        guard type.map(isJSONMediaType) ?? true else {
            throw refusal("is \(Envelope.cloudEvent.name) whose data is no JSON")
        }
    }

    static func refusal(_ what: String) -> FunctionError { .invalid("INVALID_ENVELOPE", "The message \(what)") }
}
