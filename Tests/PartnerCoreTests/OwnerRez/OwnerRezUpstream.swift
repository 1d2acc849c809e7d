@testable import PartnerCore

/// OwnerRez on loopback: it keeps what it is sent, and answers from a script.
final class OwnerRezUpstream: Sendable {
    private let requests = Lock<[Request]>([])
    private let server: Lock<HTTPServer?> = Lock(nil)

    /// - Parameter script: gets the request, and how many came before it.
    init(script: @escaping @Sendable (Request, Int) -> HTTPServer.Reply) throws {
        var limits = HTTPServer.Limits()
        limits.bodyBytes = 8_388_608
        let server = try HTTPServer(port: 0, limits: limits) { [self] request in
            let count = requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            return script(request, count)
        }
        self.server.withLock { $0 = server }
        Thread { server.run() }!.detach()
    }

    deinit { server.withLock { $0 }?.stop() }

    var settings: SettingsReader {
        SettingsReader(
            Environment([
                "OWNERREZ_API_URL": "http://127.0.0.1:\(server.withLock { $0!.port })", "OWNERREZ_CLIENT_ID": "c_test",
                "OWNERREZ_CLIENT_SECRET": "s_secret",
                "TOKEN_ENCRYPTION_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            ]))
    }

    var received: [Request] { requests.withLock { $0 } }

    /// `GET /v2/bookings?limit=1 at_1`
    var lines: [String] {
        received.map { request in
            let token = request.headers["Authorization"].map {
                $0.hasPrefix("Bearer ") ? " \($0.dropFirst(7))" : " client"
            }
            return "\(request.method) \(request.path)\(request.query.isEmpty ? "" : "?" + request.query)\(token ?? "")"
        }
    }
}

/// A connection that is kept in a store, and the API as it is called with it.
struct Connected {
    let store: RecordStore
    let connections: Connections
    let tokens: ConnectionTokens
    let api: ConnectedAPI

    static let account = 347_482_730
    static let subject = "user-42"

    init(_ upstream: OwnerRezUpstream, _ store: RecordStore, budget: RateBudget? = nil) {
        var settings = upstream.settings
        self.store = store
        connections = Connections(store, TokenSealer(reading: &settings))
        tokens = ConnectionTokens(store, connections, OwnerRezTokenEndpoint(reading: &settings))
        api = ConnectedAPI(store, tokens, budget ?? RateBudget(store, limit: 280))
    }

    func connect(_ access: String, _ refresh: String? = nil, expires: Timestamp? = nil) throws {
        let connection = Connection(
            subject: Self.subject, account: OwnerRezAccount(id: Self.account, name: nil, scope: "all"),
            connectedAt: .now())
        let tokens = OwnerRezTokens(access: Secret(access), refresh: refresh.map { Secret($0) }, expires: expires)
        _ = try connections.save(connection, tokens, in: .forStore())
    }

    func call(
        _ request: APIRequest = APIRequest(path: "/v2/bookings"), as use: RateBudget.Use = .call,
        in invocation: Invocation = .forStore()
    ) throws(APICallError) -> HTTPResponse {
        try api.call(request, account: Self.account, of: Self.subject, as: use, in: invocation)
    }
}
