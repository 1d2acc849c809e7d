import Testing

@testable import PartnerCore

/// A service of AWS on loopback that keeps what it is sent, and answers from a script.
final class AWSUpstream: Sendable {
    enum Answer: Sendable {
        case json(Int, String)
        case reply(HTTPServer.Reply)
        /// Nothing until the next request comes.
        case silence
    }

    private let requests = Lock<[Request]>([])
    private let server: Lock<HTTPServer?> = Lock(nil)

    /// One answer after the other, the last one for ever.
    convenience init(_ answers: [Answer]) throws {
        try self.init { _, count in answers[min(count, answers.count - 1)] }
    }

    /// - Parameter script: gets the request, and how many came before it.
    init(script: @escaping @Sendable (Request, Int) -> Answer) throws {
        var limits = HTTPServer.Limits()
        limits.bodyBytes = 8_388_608
        let server = try HTTPServer(port: 0, limits: limits) { [self] request in
            let count = requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            requests.notify()
            switch script(request, count) {
            case .json(let status, let text):
                return .response(
                    Response(
                        status: status, headers: ["Content-Type": "application/x-amz-json-1.0"],
                        body: Array(text.utf8)))
            case .reply(let reply): return reply
            case .silence:
                _ = requests.wait(until: .after(milliseconds: 30_000)) { $0.count > count + 1 ? true : nil }
                return .close
            }
        }
        self.server.withLock { $0 = server }
        Thread { server.run() }!.detach()
    }

    deinit { server.withLock { $0 }?.stop() }

    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    var environment: [String: String] {
        [
            "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": Self.secret,
            "AWS_SESSION_TOKEN": "session/token+1==", "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)",
        ]
    }

    var port: Int { server.withLock { $0!.port } }

    /// - Parameter changes: of the environment; nothing takes a variable away.
    func client(
        _ service: AWSService, _ changes: [String: String] = [:], clock: AWSClock = AWSClock()
    ) -> AWSClient {
        var settings = SettingsReader(Environment(environment.merging(changes) { $1 }))
        let client = AWSClient(service, reading: &settings, clock: clock)
        #expect(settings.problems == [])
        return client
    }

    var received: [Request] { requests.withLock { $0 } }

    /// The operations that were called: `GetItem`.
    var operations: [String] {
        received.map { String($0.headers["X-Amz-Target"]?.split(separator: ".").last ?? "") }
    }

    /// The bodies that an operation was called with.
    func bodies(_ operation: String) -> [String] {
        received.filter { $0.headers["X-Amz-Target"]?.hasSuffix("." + operation) == true }
            .map { String(decoding: $0.body, as: UTF8.self) }
    }
}

extension AWSUpstream.Answer {
    /// An error as AWS's JSON protocols have it. Its message holds what must not be repeated.
    static func error(_ status: Int, _ code: String, _ more: String = "") -> AWSUpstream.Answer {
        .json(
            status,
            #"{"__type":"com.amazonaws.dynamodb.v20120810#\#(code)","message":"Ada Lovelace's item"\#(more)}"#)
    }
}
