/// Calls one service of AWS in one region. Any number of threads may share it.
///
/// Requests are signed with the time by AWS's clock, where that has turned out to be another than ours, and with
/// credentials that are renewed where they are temporary.
struct AWSClient: Sendable {
    /// These services answer within milliseconds, and what was lost is worth another try while there is time.
    static let longestCallMilliseconds = 3_000
    /// A page of a DynamoDB query has up to 1 MB of contents, and as JSON it is several times as large.
    static let largestAnswer = 16_777_216

    private let service: AWSService
    private let region: String
    private let endpoint: BaseURL
    private let credentials: AWSCredentials
    private let clock: AWSClock
    private let http: HTTPClient

    /// The service's own.
    var peerClock: PeerClock { http.peerClock }

    /// Reads AWS's own settings. They are required only by being read here.
    init(_ service: AWSService, reading settings: inout SettingsReader, clock: AWSClock = AWSClock()) {
        self.service = service
        self.clock = clock
        region = settings.awsRegion()
        endpoint = settings.awsEndpoint(service, in: region)
        credentials = AWSCredentials(in: region, reading: &settings)
        http = HTTPClient(reading: &settings, largestAnswer: Self.largestAnswer)
    }

    /// Calls an operation once. If AWS refused the signature's time, or keys that have been replaced meanwhile, it is
    /// signed anew and called once more. What is idempotent goes inside `retrying`.
    ///
    /// - Parameter target: the operation as `x-amz-target` has it: `DynamoDB_20120810.GetItem`.
    /// - Returns: the answer's JSON; null when there is none.
    func call(_ target: String, _ body: JSON, in invocation: Invocation) throws(AWSError) -> JSON {
        let text = body.text
        var isSecond = false
        while true {
            let keys = try credentials.keys(in: invocation)
            let time = clock.now()
            let response = try send(target, text, signedWith: keys, at: time, in: invocation)
            if response.status == 200 { return try Self.answer(of: response) }
            let error = AWSError(response)
            guard !isSecond, canSignBetter(after: error, response, keys, time, in: invocation) else { throw error }
            isSecond = true
        }
    }

    /// Makes ready what a call needs. That sends no request which permissions would be needed for.
    @Sendable func prepare(in invocation: Invocation) {
        _ = try? credentials.keys(in: invocation)
        http.prepareConnection(to: endpoint, in: invocation)
    }

    private func send(
        _ target: String, _ text: [UInt8], signedWith keys: AWSKeys, at time: Timestamp, in invocation: Invocation
    ) throws(AWSError) -> HTTPResponse {
        let signature = AWSSignature(region: region, service: service.name, keys: keys)
        let headers = signature.sign(
            ["Content-Type": service.contentType, "X-Amz-Target": target], host: endpoint.authority,
            path: endpoint.path + "/", body: text, at: time)
        let operation = target.split(separator: ".").last ?? ""
        let request = HTTPRequest(
            name: "\(service.name) \(operation)", method: "POST", url: endpoint.text + "/", headers: headers,
            body: text, longestMilliseconds: Self.longestCallMilliseconds)
        do throws(HTTPError) { return try http.send(request, in: invocation) } catch { throw .unreachable(error) }
    }

    private static func answer(of response: HTTPResponse) throws(AWSError) -> JSON {
        guard !response.body.isEmpty else { return .null }
        guard let answer = try? JSON.parse(response.body, duplicates: .lastWins) else {
            throw .unexpectedAnswer("no JSON")
        }
        return answer
    }

    /// Whether another signature may be taken where this one was not.
    private func canSignBetter(
        after error: AWSError, _ response: HTTPResponse, _ keys: AWSKeys, _ time: Timestamp, in invocation: Invocation
    ) -> Bool {
        switch error {
        case .clockSkewed, .credentialsRejected, .tokenExpired: break
        default: return false
        }
        if let seconds = clock.correct(by: response.date, of: time) {
            invocation.log.write(
                .warn, "this machine's clock is wrong: by AWS's it is \(seconds) s later; requests are signed by AWS's",
                requestID: invocation.requestID)
            return true
        }
        if case .clockSkewed = error { return false }
        return credentials.discard(keys)
    }
}
