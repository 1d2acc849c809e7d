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
        let emulator = service.emulatorSetting.flatMap { name in
            settings.optionalText(name, "HOST:PORT of an emulator in place of this Google service")
                .map { (name: name, address: $0) }
        }
        let endpoint = settings.baseURL(
            service.endpointSetting, default: service.defaultEndpoint,
            "an address in place of this Google service's own")
        if let emulator {
            self.endpoint = BaseURL(plainHost: emulator.address) ?? .none
            if self.endpoint == .none { settings.problem(emulator.name, "expected HOST:PORT") }
            // It takes everything from everybody, unencrypted, and forgets it.
            if settings.isDeployed {
                settings.problem(emulator.name, "an emulator is for development, not for Cloud Run or Lambda")
            }
            credentials = nil
        } else {
            self.endpoint = endpoint
            credentials = GoogleCredentials(reading: &settings)
        }
        http = HTTPClient(reading: &settings, largestAnswer: largestAnswer)
    }

    private init(_ other: GoogleClient, at endpoint: BaseURL) {
        service = other.service
        self.endpoint = endpoint
        credentials = other.credentials
        http = other.http
    }

    /// The same API for what is kept in one region only, unless another address was set for it.
    func regional(_ location: String) -> GoogleClient {
        guard endpoint.text == service.defaultEndpoint, let own = BaseURL(service.endpoint(in: location)) else {
            return self
        }
        return GoogleClient(self, at: own)
    }

    /// POSTs to a path below `/v1/`, once; when the token is not taken, once more with a fresh one. What is idempotent
    /// goes inside `retrying`.
    ///
    /// - Parameter name: what logs call it: `commit`.
    func call(
        _ name: String, _ path: String, _ body: JSON, mayBeSentTwice: Bool = true, in invocation: Invocation
    ) throws(GoogleError) -> JSON {
        try authorized(in: invocation) { (token) throws(GoogleError) in
            let request = HTTPRequest(
                name: "\(service.name) \(name)", method: "POST", url: "\(endpoint.text)/v1/\(path)",
                headers: ["Authorization": "Bearer \(token.reveal())", "Content-Type": "application/json"],
                body: body.text, longestMilliseconds: Self.longestCallMilliseconds, mayBeSentTwice: mayBeSentTwice)
            return try answer(to: request, in: invocation)
        }
    }

    /// GETs a path below `/v1/`, likewise.
    func get(_ name: String, _ path: String, in invocation: Invocation) throws(GoogleError) -> JSON {
        try authorized(in: invocation) { (token) throws(GoogleError) in
            let request = HTTPRequest(
                name: "\(service.name) \(name)", method: "GET", url: "\(endpoint.text)/v1/\(path)",
                headers: ["Authorization": "Bearer \(token.reveal())"],
                longestMilliseconds: Self.longestCallMilliseconds)
            return try answer(to: request, in: invocation)
        }
    }

    /// Makes ready what a call needs. That sends no request which permissions would be needed for.
    @Sendable func prepare(in invocation: Invocation) {
        _ = try? credentials?.token(in: invocation)
        http.prepareConnection(to: endpoint, in: invocation)
    }

    private func authorized(
        in invocation: Invocation, _ send: (_ token: Secret) throws(GoogleError) -> JSON
    ) throws(GoogleError) -> JSON {
        guard let credentials else { return try send(Secret("owner")) }
        let token = try credentials.token(in: invocation)
        do throws(GoogleError) { return try send(token.secret) } catch {
            guard error == .tokenRejected else { throw error }
            credentials.discard(token)
            return try send(credentials.token(in: invocation).secret)
        }
    }

    private func answer(to request: HTTPRequest, in invocation: Invocation) throws(GoogleError) -> JSON {
        let response: HTTPResponse
        do throws(HTTPError) { response = try http.send(request, in: invocation) } catch { throw .unreachable(error) }
        guard response.status == 200 else { throw GoogleError(response) }
        guard let answer = try? JSON.parse(response.body, duplicates: .lastWins) else {
            throw .unexpectedAnswer("no JSON")
        }
        return answer
    }
}
