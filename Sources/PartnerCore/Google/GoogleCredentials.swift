/// Access tokens of the service account that the process runs as, from Google's metadata server, which every machine and
/// container of Google Cloud has; at a desk, which has none, a person's own, which gcloud prints. Any number of threads may
/// share them.
struct GoogleCredentials: Sendable {
    /// The metadata server hands out the same token until shortly before its end, so asking earlier brings nothing new.
    private static let marginSeconds = 60
    private static let longestCallMilliseconds = 3_000

    /// A person's; it is good for an hour at most.
    private let given: Secret?
    private let server: BaseURL
    private let http: HTTPClient
    private let tokens = TokenCache<GoogleError>()

    init(reading settings: inout SettingsReader) {
        let name = "CLOUDSDK_AUTH_ACCESS_TOKEN"
        given = settings.optionalSecret(
            name, "an access token for Google Cloud, at a desk: as gcloud auth print-access-token prints it")
        if let given, !Self.isToken(given.reveal()) { settings.problem(name, "expected an access token") }
        // It would be over within the hour.
        if given != nil && settings.isDeployed {
            settings.problem(name, "is for a desk: Cloud Run and Lambda have accounts of their own")
        }
        server = settings.value(
            "GCE_METADATA_HOST", default: "metadata.google.internal", placeholder: .none, expected: "HOST or HOST:PORT",
            "where access tokens for Google Cloud come from"
        ) { BaseURL(plainHost: $0) }
        http = HTTPClient(reading: &settings)
    }

    /// Asks once; who calls with it tries again anyhow.
    func token(in invocation: Invocation) throws(GoogleError) -> AccessToken {
        if let given { return AccessToken(given, lifetimeSeconds: 3600, marginSeconds: Self.marginSeconds) }
        return try tokens.token(in: invocation) { () throws(GoogleError) in try fetch(in: invocation) }.token
    }

    /// Forgets a token that was not taken.
    func discard(_ token: AccessToken) { tokens.discard(token) }

    /// `{"access_token","expires_in","token_type":"Bearer"}` (Compute Engine, "Authenticate workloads").
    private func fetch(in invocation: Invocation) throws(GoogleError) -> AccessToken {
        let request = HTTPRequest(
            name: "GET metadata token", method: "GET",
            url: server.text + "/computeMetadata/v1/instance/service-accounts/default/token",
            headers: ["Metadata-Flavor": "Google"], longestMilliseconds: Self.longestCallMilliseconds)
        let response: HTTPResponse
        do throws(HTTPError) { response = try http.send(request, in: invocation) } catch {
            throw .metadataUnreachable(error)
        }
        guard response.status == 200 else { throw .noToken(status: response.status) }
        guard let answer = try? JSON.parse(response.body, duplicates: .lastWins),
            let token = answer["access_token"]?.string, let seconds = answer["expires_in"]?.integer,
            Self.isToken(token), (1...86_400).contains(seconds)
        else { throw .unexpectedAnswer("no access token from the metadata server") }
        return AccessToken(Secret(token), lifetimeSeconds: seconds, marginSeconds: Self.marginSeconds)
    }

    /// It goes into a header, where a line break would begin another one.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isASCIIVisible }
    }
}
