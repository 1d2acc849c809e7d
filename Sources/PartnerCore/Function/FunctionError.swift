/// Why a function did not do what it was asked. This is what callers get to see: no message holds input, secrets,
/// personal data or an upstream's words.
public struct FunctionError: Error, Sendable, Equatable {
    /// The HTTP status of the answer.
    public let status: Int
    /// Stable, in Ownli's form: `CONSENT_REQUIRED`.
    public let code: String
    public let message: String
    /// Seconds, for `Retry-After`.
    public let retryAfter: Int?
    /// For `Allow`, on a 405.
    public let allow: String?
    /// For `WWW-Authenticate`, on a 401 (RFC 9110 section 15.5.2).
    public let challenge: String?
    /// What the log line says beyond the message; never secrets or personal data either.
    public let detail: String?
    /// Whether the same message may succeed later. What is permanent is not worth a retry.
    public let isTransient: Bool

    public init(
        _ status: Int, _ code: String, _ message: String, retryAfter: Int? = nil, allow: String? = nil,
        challenge: String? = nil, detail: String? = nil, isTransient: Bool? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.allow = allow
        self.challenge = challenge
        self.detail = detail
        self.isTransient = isTransient ?? (status >= 500 || status == 429)
    }

    /// The answer in Ownli's own shape, so that an app handles one kind of error.
    public func response(requestID: String) -> Response {
        var response = Response.json(
            status,
            ["error_code": .string(code), "error_message": .string(message), "request_id": .string(requestID)])
        if let retryAfter { response.headers.add("Retry-After", "\(retryAfter)") }
        if let allow { response.headers.add("Allow", allow) }
        if let challenge { response.headers.add("WWW-Authenticate", challenge) }
        return response
    }
}

extension FunctionError {
    public static let notSignedIn = FunctionError(
        401, "UNAUTHENTICATED", "Sign in first: no verified identity came along", challenge: "Bearer")
    public static let internalError = FunctionError(500, "INTERNAL_ERROR", "Something went wrong on our side")

    public static func invalid(_ code: String, _ message: String) -> FunctionError { FunctionError(400, code, message) }

    /// A field or parameter is not what it has to be.
    public static func parameter(_ name: String, _ expected: String) -> FunctionError {
        .invalid("INVALID_PARAMETERS", "\(name): \(expected)")
    }
}
