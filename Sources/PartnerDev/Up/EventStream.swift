import COpenSSL
import Foundation
import PartnerCore

/// A server of the company's that OwnerRez's events are posted to. It takes what is signed as Standard Webhooks has it,
/// each event once, and keeps the last ones for the page.
final class EventStream: Sendable {
    static let path = "/events"
    private static let most = 100

    private struct Event: Sendable {
        let number: Int
        let received: Timestamp
        let body: JSON

        /// What the developer is shown of an event: what the envelope says, and what the event is about.
        var json: JSON {
            let event = body["event"] ?? body
            let word = { (name: String) -> String in event[name]?.string ?? "unknown" }
            let id = event["entity_id"].map { String(decoding: $0.text, as: UTF8.self) }
            var json: JSON = ["number": .integer(number), "received": .string(received.rfc3339)]
            json.add("kind", .string("\(word("entity_type")).\(word("action"))"))
            json.add("entity", .string(word("entity_type") + (id.map { "/" + $0 } ?? "")))
            for name in ["subject", "connection", "source", "sequence"] { json.add(name, body[name] ?? .null) }
            json.add("body", body)
            return json
        }
    }

    private struct State: Sendable {
        var events: [Event] = []
        var soFar = 0
        var known: Set<String> = []
    }

    /// `whsec_` and base64.
    let secret: String
    private let key: [UInt8]
    private let now: @Sendable () -> Timestamp
    private let state = Lock(State())

    static func newKey() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    init(key: [UInt8] = EventStream.newKey(), now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.key = key
        self.now = now
        secret = "whsec_" + Data(key).base64EncodedString()
    }

    func reply(to request: Request) -> HTTPServer.Reply {
        guard request.method == "POST", let id = request.headers["webhook-id"], isSigned(request, id),
            let body = try? JSON.parse(request.body)
        else { return .response(Response(status: 401)) }
        state.withLock { state in
            guard state.known.insert(id).inserted else { return }
            state.soFar += 1
            state.events.append(Event(number: state.soFar, received: now(), body: body))
            if state.events.count > Self.most { state.events.removeFirst() }
        }
        return .response(Response(status: 204))
    }

    /// How many came.
    var count: Int { state.withLock { $0.soFar } }

    /// The latest first.
    var json: JSON { ["events": .array(state.withLock { $0.events }.reversed().map { $0.json })] }

    func forget() { state.withLock { $0 = State() } }

    /// Standard Webhooks 1.0.0: HMAC-SHA-256 of id, time and body.
    private func isSigned(_ request: Request, _ id: String) -> Bool {
        guard let time = request.headers["webhook-timestamp"], let seconds = Int(time),
            abs(now().epochSeconds - seconds) <= 300
        else { return false }
        let signed = Array("\(id).\(time).".utf8) + request.body
        let signature = "v1," + Data(Self.code(signed, key: key)).base64EncodedString()
        return request.headers["webhook-signature"]?.split(separator: " ").contains { $0 == signature } ?? false
    }

    static func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var count = 0
        _ = EVP_Q_mac(
            nil, "HMAC", nil, "SHA256", nil, key, key.count, bytes, bytes.count, &code, code.count, &count)
        return code
    }
}
