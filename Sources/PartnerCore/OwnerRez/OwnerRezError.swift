/// What can go wrong with a call to OwnerRez.
public enum OwnerRezError: Error, Sendable, Equatable {
    /// The token endpoint does not take our client id and secret.
    case clientRejected
    /// The code or the refresh token is of no use (any more).
    case grantRefused
    /// A mistake in the request: asking again changes nothing. The code is one word of OwnerRez's, or nil.
    case refused(status: Int, code: String?)
    /// 429 or 503, with its Retry-After in seconds.
    case busy(retryAfter: Int?)
    case failing(status: Int)
    case unreachable(HTTPError)
    /// A success that is not what the contract promises. The text says what is missing, never what came.
    case unexpectedAnswer(String)
}

extension OwnerRezError {
    /// From an answer that is no success: `{"error":"invalid_grant"}` of the token endpoint, `{"code":"snake_case"}` or
    /// `{"code":429}` of the API.
    init(_ response: HTTPResponse) {
        switch (response.status, Self.code(of: response)) {
        case (401, _), (_, "invalid_client"): self = .clientRejected
        case (_, "invalid_grant"): self = .grantRefused
        case (let status, let code): self = .refused(status: status, code: code)
        }
    }

    /// Only what looks like a code: anything else may be somebody's data.
    static func code(of response: HTTPResponse) -> String? {
        guard let body = try? JSON.parse(response.body, duplicates: .lastWins) else { return nil }
        guard let code = body["error"]?.string ?? body["code"]?.string ?? body["code"]?.integer.map({ "\($0)" }),
            (1...64).contains(code.utf8.count),
            code.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") })
        else { return nil }
        return code
    }
}

extension OwnerRezError: RetryableError {
    var retry: Retry {
        switch self {
        case .busy(let retryAfter): .worthwhile(afterSeconds: retryAfter)
        case .failing: .worthwhile()
        case .unreachable(.notTrusted), .unreachable(.answerTooLarge), .unreachable(.failed): .never
        case .unreachable: .worthwhile()
        case .clientRejected, .grantRefused, .refused, .unexpectedAnswer: .never
        }
    }
}

extension OwnerRezError {
    /// For the log.
    var description: String {
        switch self {
        case .clientRejected: "OwnerRez did not accept this app's client id and secret"
        case .grantRefused: "the code or refresh token was refused (invalid_grant)"
        case .refused(let status, let code): "answered \(status)\(code.map { " " + $0 } ?? "")"
        case .busy: "too many requests"
        case .failing(let status): "answered \(status)"
        case .unreachable(let error): error.description
        case .unexpectedAnswer(let what): "unexpected answer: \(what)"
        }
    }

    /// What callers get to see.
    public var functionError: FunctionError {
        switch self {
        case .clientRejected:
            FunctionError(
                502, "UPSTREAM_REJECTED_CREDENTIALS", "OwnerRez did not accept this service's credentials",
                detail: description)
        case .grantRefused:
            FunctionError(400, "CONNECTION_REFUSED", "OwnerRez did not accept this approval: start again")
        case .busy(let retryAfter):
            FunctionError(503, "UPSTREAM_BUSY", "OwnerRez is busy: try again later", retryAfter: retryAfter ?? 1)
        case .unreachable(.timedOut):
            FunctionError(504, "UPSTREAM_TIMEOUT", "OwnerRez did not answer in time")
        case .refused, .failing, .unreachable, .unexpectedAnswer:
            FunctionError(502, "UPSTREAM_ERROR", "OwnerRez could not be used for this", detail: description)
        }
    }
}
