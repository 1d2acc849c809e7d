/// OwnerRez's API, as an app calls it for those who have connected their accounts.
public struct OwnerRezAPI: Sendable {
    /// Bytes of an answer: a hundred rows, and what a direct invocation's answer has room for.
    static let largestAnswer = 6_291_456

    let clientID: String
    let baseURL: BaseURL
    let http: HTTPClient
    /// Without one OwnerRez answers 403.
    private let userAgent: String

    public init(reading settings: inout SettingsReader) {
        clientID = settings.value(
            "OWNERREZ_CLIENT_ID", default: nil, placeholder: "", expected: "the app's client id, as in c_..",
            "of your OwnerRez app"
        ) { isHeaderText($0) ? $0 : nil }
        baseURL = settings.baseURL("OWNERREZ_API_URL", default: "https://api.ownerrez.com", "OwnerRez's API")
        userAgent = settings.value(
            "OWNERREZ_USER_AGENT", default: "partner-functions/\(version) (\(clientID.isEmpty ? "c_.." : clientID))",
            placeholder: "",
            expected: "a product and its version, as in AppName/1.0 (c_..)",
            "what OwnerRez, which demands one, is told that we are"
        ) { isHeaderText($0) ? $0 : nil }
        http = HTTPClient(reading: &settings, largestAnswer: Self.largestAnswer)
    }

    /// Whether OwnerRez still takes a token: `GET /v2/users/me`, the cheapest call.
    func accepts(_ token: Secret, in invocation: Invocation) throws(OwnerRezError) -> Bool {
        let request = HTTPRequest(
            name: "GET /v2/users/me", method: "GET", url: baseURL.text + "/v2/users/me",
            headers: ["Authorization": "Bearer \(token.reveal())", "Accept": "application/json"])
        let response = try retrying(in: invocation) { () throws(OwnerRezError) in
            try send(request, in: invocation)
        }
        switch response.status {
        case 200: return true
        // "user_agent_required" comes as a 401 too, and says nothing of the token.
        case 401 where OwnerRezError.code(of: response) != "user_agent_required": return false
        default: throw OwnerRezError(response)
        }
    }

    /// Sends a request, once. That OwnerRez is busy or failing is an error; all else is an answer.
    func send(_ request: HTTPRequest, in invocation: Invocation) throws(OwnerRezError) -> HTTPResponse {
        try Self.checked(answer(to: request, in: invocation))
    }

    /// Sends a request, once.
    func answer(to request: HTTPRequest, in invocation: Invocation) throws(OwnerRezError) -> HTTPResponse {
        var request = request
        request.headers.add("User-Agent", userAgent)
        do throws(HTTPError) { return try http.send(request, in: invocation) } catch { throw .unreachable(error) }
    }

    static func checked(_ response: HTTPResponse) throws(OwnerRezError) -> HTTPResponse {
        switch response.status {
        case 429, 503: throw .busy(retryAfter: response.retryAfter)
        case 500...: throw .failing(status: response.status)
        case 300..<400: throw .unexpectedAnswer("a redirect")
        default: return response
        }
    }
}

/// What may stand in a header: printable ASCII.
private func isHeaderText(_ text: String) -> Bool {
    (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
}
