/// Why a call with a connection's token has no answer of OwnerRez's.
public enum APICallError: Error, Sendable, Equatable {
    /// Nobody has connected this account, or another user has.
    case notConnected
    /// OwnerRez takes the connection's tokens no more: the person has to connect again.
    case revoked
    /// The rate budget is spent, or OwnerRez has asked for a pause; seconds.
    case busy(retryAfter: Int)
    case upstream(OwnerRezError)
    /// Something of ours: the store, or tokens that cannot be read.
    case failed(FunctionError)
}

extension APICallError: RetryableError {
    var retry: Retry {
        switch self {
        case .upstream(let error): error.retry
        case .notConnected, .revoked, .busy, .failed: .never
        }
    }
}

extension APICallError {
    /// What callers get to see.
    public var functionError: FunctionError {
        switch self {
        case .notConnected: FunctionError(404, "NOT_CONNECTED", "There is no such connection")
        case .revoked:
            FunctionError(
                409, "CONNECTION_REVOKED", "The connection was revoked at OwnerRez: the person has to connect again")
        case .busy(let seconds):
            FunctionError(
                503, "UPSTREAM_BUSY", "OwnerRez takes no more requests for now: try again later", retryAfter: seconds)
        case .upstream(let error): error.functionError
        case .failed(let error): error
        }
    }
}
