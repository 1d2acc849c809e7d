import PartnerCore
import Testing

@testable import PartnerDev

/// The app's end of OwnerRez's webhooks: answers with the statuses in turn, the last for good.
final class WebhookReceiver: Sendable {
    private let received = Lock<[Request]>([])
    private let server: HTTPServer

    var requests: [Request] { received.withLock { $0 } }
    var bodies: [String] { requests.map { String(decoding: $0.body, as: UTF8.self) } }
    var port: Int { server.port }

    private init(_ statuses: [Int], firstTakes milliseconds: Int) throws {
        let left = Lock(statuses)
        server = try HTTPServer(port: 0) { [received] request in
            let isFirst = received.withLock { received in
                received.append(request)
                return received.count == 1
            }
            if isFirst { sleep(milliseconds: milliseconds) }
            let status = left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            return .response(Response(status: status, headers: ["Location": "/elsewhere"]))
        }
    }

    /// Runs a receiver, and a sandbox that knows of it, around a test.
    static func with(
        _ statuses: [Int], firstTakes milliseconds: Int = 0, waitingFor seconds: Int = 60,
        _ body: (WebhookReceiver, SandboxClient) throws -> Void
    ) throws {
        let receiver = try WebhookReceiver(statuses, firstTakes: milliseconds)
        guard let running = Thread({ receiver.server.run() }) else { fatalError("no thread") }
        let result = Result {
            try SandboxClient.with { sandbox in
                try receiver.register(at: sandbox, waitingFor: seconds)
                try body(receiver, sandbox)
            }
        }
        receiver.server.stop()
        running.join()
        try result.get()
    }

    func register(at sandbox: SandboxClient, waitingFor seconds: Int = 60) throws {
        let target = """
            {"url":"http://127.0.0.1:\(port)/hook","user":"u","password":"p:q","answer_seconds":\(seconds)}
            """
        #expect(try sandbox.send("PUT", "/_sandbox/ownerrez/webhook", body: target).status == 204)
    }
}
