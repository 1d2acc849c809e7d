import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Why a call failed. A cancelled call throws `CancellationError`.
public enum OwnliClientError: Error, Sendable, Equatable {
    /// 403 `INSUFFICIENT_SCOPE`: the user token is not for this endpoint, and no other token belongs into an app.
    case endpointBelongsOnTheServer
    /// 401, also with a fresh token.
    case ownliDoesNotAcceptTheToken
    /// Any other error of Ownli's.
    case ownliRefused(Refusal)
    /// 401 of your own backend: whoever uses the app has to sign in again.
    case signedOut
    /// Any other error of your own backend's.
    case backendRefused(Refusal)
    /// An answer that is not as documented.
    case answerNotUnderstood(status: Int)
    /// 3xx. Redirects are not followed: they would carry the token to wherever they lead.
    case redirected(status: Int)
    /// There is no answer. The code alone: the error itself holds the address, and with it somebody's phone number.
    case unreachable(URLError.Code)
    /// Neither `https` nor loopback, or an address with credentials, a query or a fragment.
    case baseURLNotAllowed
    /// A path that does not begin with a slash, or an id, a phone number or a header that cannot be sent.
    case requestCannotBeSent

    /// An error in Ownli's shape: `{"error_code","error_message","request_id"?}`.
    public struct Refusal: Sendable, Equatable {
        public let status: Int
        /// Stable, such as `ERROR_USER_NOT_FOUND`; nil when the answer has none.
        public let code: String?
        /// For developers; nil when the answer has none.
        public let message: String?
        /// What your backend's log has it under.
        public let requestID: String?
    }
}

extension OwnliClientError: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .endpointBelongsOnTheServer:
            "This endpoint needs an admin token and belongs on the server: call it from your backend, not from the app."
        case .ownliDoesNotAcceptTheToken: "Ownli does not accept the token, not even a fresh one."
        case .ownliRefused(let refusal): "Ownli refused the request: \(refusal.summary)."
        case .signedOut: "You are signed out. Sign in again."
        case .backendRefused(let refusal): "The backend refused the request: \(refusal.summary)."
        case .answerNotUnderstood(let status): "The answer (status \(status)) is not as documented."
        case .redirected(let status): "The answer is a redirect (status \(status)), which is not followed."
        case .unreachable(let code): "The server cannot be reached (URL error \(code.rawValue))."
        case .baseURLNotAllowed:
            "A base address has to be https (http for loopback only), without credentials, query or fragment."
        case .requestCannotBeSent: "The request has a path or a value that cannot be sent."
        }
    }
}

extension OwnliClientError.Refusal {
    fileprivate var summary: String { (code ?? "no code") + ", status \(status)" }
}
