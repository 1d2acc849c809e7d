/// Calls one API of Google Cloud as the service account that the process runs as. Any number of threads may share it.
struct GoogleClient: Sendable {
    static let longestCallMilliseconds = 5_000

    private let service: GoogleService
    private let endpoint: BaseURL
    /// Nil where an emulator is called, which knows nobody.
    private let credentials: GoogleCredentials?
    private let http: HTTPClient

    /// The API's own.
    var peerClock: PeerClock { http.peerClock }

    init(
        _ service: GoogleService, largestAnswer: Int = HTTPClient.largestAnswer, reading settings: inout SettingsReader
    ) {
        self.service = service
        let emulator = settings.optionalText(
            service.emulatorSetting, "HOST:PORT of an emulator in place of this Google service")
        let endpoint = settings.baseURL(
            service.endpointSetting, default: service.defaultEndpoint,
            "an address in place of this Google service's own")
        if let emulator {
            self.endpoint = BaseURL(plainHost: emulator) ?? .none
            if self.endpoint == .none { settings.problem(service.emulatorSetting, "expected HOST:PORT") }
            // It takes everything from everybody, unencrypted, and forgets it.
            if settings.isDeployed {
                settings.problem(service.emulatorSetting, "an emulator is for development, not for Cloud Run or Lambda")
            }
            credentials = nil
        } else {
            self.endpoint = endpoint
            credentials = GoogleCredentials(reading: &settings)
        }
        http = HTTPClient(reading: &settings, largestAnswer: largestAnswer)
    }

    /// POSTs to a path below `/v1/`, once; when the token is not taken, once more with a fresh one. What is idempotent
    /// goes inside `retrying`.
    ///
    /// - Parameter name: what logs call it: `commit`.
    func call(
        _ name: String, _ path: String, _ body: JSON, mayBeSentTwice: Bool = true, in invocation: Invocation
    ) throws(GoogleError) -> JSON {
        func send(_ token: Secret) throws(GoogleError) -> JSON {
            try post(name, path, body, token, mayBeSentTwice: mayBeSentTwice, in: invocation)
        }
        guard let credentials else { return try send(Secret("owner")) }
        let token = try credentials.token(in: invocation)
        do throws(GoogleError) { return try send(token.secret) } catch {
            guard error == .tokenRejected else { throw error }
            credentials.discard(token)
            return try send(credentials.token(in: invocation).secret)
        }
    }

    private func post(
        _ name: String, _ path: String, _ body: JSON, _ token: Secret, mayBeSentTwice: Bool, in invocation: Invocation
    ) throws(GoogleError) -> JSON {
        let request = HTTPRequest(
            name: "\(service.name) \(name)", method: "POST", url: "\(endpoint.text)/v1/\(path)",
            headers: ["Authorization": "Bearer \(token.reveal())", "Content-Type": "application/json"], body: body.text,
            longestMilliseconds: Self.longestCallMilliseconds, mayBeSentTwice: mayBeSentTwice)
        let response: HTTPResponse
        do throws(HTTPError) { response = try http.send(request, in: invocation) } catch { throw .unreachable(error) }
        guard response.status == 200 else { throw GoogleError(response) }
        guard let answer = try? JSON.parse(response.body, duplicates: .lastWins) else {
            throw .unexpectedAnswer("no JSON")
        }
        return answer
    }
}
