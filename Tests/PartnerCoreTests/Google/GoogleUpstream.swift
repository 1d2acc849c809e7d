import Testing

@testable import PartnerCore

/// Google Cloud on loopback: a metadata server that hands out token-1, token-2 and so on, and an API that answers from a
/// script, one answer after the other, the last one for ever.
final class GoogleUpstream: Sendable {
    typealias Answer = AWSUpstream.Answer

    private let upstream: AWSUpstream
    private let port: String

    /// - Parameter lifetime: of a token, in seconds.
    convenience init(_ answers: [Answer], lifetime: Int = 3600) throws {
        try self.init(lifetime: lifetime) { _, count in answers[min(count, answers.count - 1)] }
    }

    /// - Parameter script: gets the call, and how many came before it.
    init(lifetime: Int = 3600, script: @escaping @Sendable (Request, Int) -> Answer) throws {
        let tokens = Lock(0)
        let calls = Lock(0)
        upstream = try AWSUpstream(script: { (request, _) in
            guard request.path.hasPrefix("/computeMetadata/") else {
                return script(request, calls.withLock { $0.postIncremented() })
            }
            guard request.path == "/computeMetadata/v1/instance/service-accounts/default/token",
                request.headers["Metadata-Flavor"] == "Google"
            else { return .json(403, "") }
            let number = tokens.withLock { $0.postIncremented() } + 1
            return .json(
                200, #"{"access_token":"token-\#(number)","expires_in":\#(lifetime),"token_type":"Bearer"}"#)
        })
        port = String(upstream.environment["AWS_ENDPOINT_URL"]!.split(separator: ":").last!)
    }

    var environment: [String: String] {
        [
            "GCE_METADATA_HOST": "127.0.0.1:\(port)",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_FIRESTORE": "http://127.0.0.1:\(port)",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": "http://127.0.0.1:\(port)",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": "http://127.0.0.1:\(port)",
        ]
    }

    func client(_ service: GoogleService) -> GoogleClient {
        var settings = SettingsReader(Environment(environment))
        let client = GoogleClient(service, reading: &settings)
        #expect(settings.problems == [])
        return client
    }

    func store(at now: Timestamp = Timestamp(epochMilliseconds: 1_800_000_000_123)) throws -> RecordStore {
        var settings = SettingsReader(Environment(environment))
        let database = try #require(FirestoreDatabase("partner-test/records"))
        let store = FirestoreStore(database, reading: &settings) { now }
        #expect(settings.problems == [])
        return .firestore(store)
    }

    /// The calls of the API: path and body.
    var calls: [Request] { upstream.received.filter { !$0.path.hasPrefix("/computeMetadata/") } }

    var tokensAsked: Int { upstream.received.count - calls.count }

    /// `commit`
    var methods: [String] { calls.map { String($0.path.split(separator: ":").last ?? "") } }

    func bodies(_ method: String) -> [String] {
        calls.filter { $0.path.hasSuffix(":" + method) }.map { String(decoding: $0.body, as: UTF8.self) }
    }
}

extension Int {
    fileprivate mutating func postIncremented() -> Int {
        defer { self += 1 }
        return self
    }
}

extension AWSUpstream.Answer {
    /// An error as Google has it. Its message holds what must not be repeated.
    static func google(_ code: Int, _ status: String) -> AWSUpstream.Answer {
        .json(code, #"{"error":{"code":\#(code),"message":"Ada Lovelace's document","status":"\#(status)"}}"#)
    }

    /// An error where the answer would have been an array.
    static func googleStream(_ code: Int, _ status: String) -> AWSUpstream.Answer {
        .json(code, #"[{"error":{"code":\#(code),"message":"Ada Lovelace's document","status":"\#(status)"}}]"#)
    }

    static let committed = json(
        200, #"{"writeResults":[{"updateTime":"2027-01-15T08:00:00.5Z"}],"commitTime":"2027-01-15T08:00:00.5Z"}"#)
}
