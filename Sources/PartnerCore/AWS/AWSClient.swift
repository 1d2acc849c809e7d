/// Calls one service of AWS in one region. Any number of threads may share it.
///
/// Requests are signed with Signature Version 4 by libcurl, which signs the host, the time, the body and every header
/// that we set, the session token among them.
struct AWSClient: Sendable {
    /// These services answer within milliseconds, and what was lost is worth another try while there is time.
    static let longestCallMilliseconds = 3_000
    /// A page of a DynamoDB query has up to 1 MB of contents, and as JSON it is several times as large.
    static let largestAnswer = 16_777_216

    private let service: AWSService
    private let region: String
    private let endpoint: BaseURL
    private let credentials: AWSCredentials
    private let http: HTTPClient

    /// Reads AWS's own settings, which are demanded by that.
    init(_ service: AWSService, reading settings: inout SettingsReader) {
        self.service = service
        region = settings.awsRegion()
        endpoint = settings.awsEndpoint(service, in: region)
        credentials = AWSCredentials(reading: &settings)
        http = HTTPClient(reading: &settings, largestAnswer: Self.largestAnswer)
    }

    /// Calls an operation once. What is idempotent goes inside `retrying`.
    ///
    /// - Parameter target: the operation as `x-amz-target` has it: `DynamoDB_20120810.GetItem`.
    /// - Returns: the answer's JSON; null when there is none.
    func call(_ target: String, _ body: JSON, in invocation: Invocation) throws(AWSError) -> JSON {
        var headers: Headers = ["Content-Type": service.contentType, "X-Amz-Target": target]
        if let token = credentials.sessionToken { headers.add("X-Amz-Security-Token", token.reveal()) }
        let operation = target.split(separator: ".").last ?? ""
        let request = HTTPRequest(
            name: "\(service.name) \(operation)", method: "POST", url: endpoint.text + "/", headers: headers,
            body: body.text, longestMilliseconds: Self.longestCallMilliseconds,
            signature: HTTPRequest.Signature(
                region: region, service: service.name, accessKeyID: credentials.accessKeyID,
                secretAccessKey: credentials.secretAccessKey))
        let response: HTTPResponse
        do throws(HTTPError) { response = try http.send(request, in: invocation) } catch { throw .unreachable(error) }
        guard response.status == 200 else { throw AWSError(response) }
        guard !response.body.isEmpty else { return .null }
        guard let answer = try? JSON.parse(response.body, duplicates: .lastWins) else {
            throw .unexpectedAnswer("no JSON")
        }
        return answer
    }
}
