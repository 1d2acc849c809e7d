@testable import PartnerCore

/// An upstream on loopback that keeps what it is sent, and answers from a script: per path, one answer after the other,
/// the last one for ever.
final class OwnliUpstream: Sendable {
    let requests = Lock<[Request]>([])
    private let answers: Lock<[String: [HTTPServer.Reply]]>
    private let server: Lock<HTTPServer?> = Lock(nil)

    /// - Parameter expired: a token that is answered 401 wherever it comes.
    init(_ answers: [String: [HTTPServer.Reply]], expired: String? = nil) throws {
        self.answers = Lock(answers)
        let server = try HTTPServer(port: 0) { [self] request in
            requests.withLock { $0.append(request) }
            if let expired, request.headers["Authorization"] == "Bearer \(expired)" { return json(401, "") }
            return self.answers.withLock { answers in
                guard let all = answers[request.path], let first = all.first else { return .close }
                if all.count > 1 { answers[request.path] = Array(all.dropFirst()) }
                return first
            }
        }
        self.server.withLock { $0 = server }
        Thread { server.run() }!.detach()
    }

    deinit { server.withLock { $0 }?.stop() }

    var api: OwnliAPI {
        var settings = SettingsReader(
            Environment([
                "OWNLI_BASE_URL": "http://127.0.0.1:\(server.withLock { $0!.port })", "OWNLI_CLIENT_ID": "id",
                "OWNLI_CLIENT_SECRET": "s3cret", "OWNLI_PARTNER_ID": "partner",
            ]))
        return OwnliAPI(reading: &settings)
    }

    func bodies(_ path: String) -> [String] {
        requests.withLock { $0 }.filter { $0.path == path }.map { String(decoding: $0.body, as: UTF8.self) }
    }
}

/// An answer in JSON.
func json(_ status: Int, _ text: String, _ headers: Headers = [:]) -> HTTPServer.Reply {
    .response(Response(status: status, headers: headers, body: Array(text.utf8)))
}
