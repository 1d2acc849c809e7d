/// Why a store did not do what it was asked. No reason holds a record's contents.
public enum StoreError: Error, Sendable, Equatable {
    /// Somebody else was first. Nothing was written.
    case conditionFailed
    /// The reason is the backend's own: "database or disk is full".
    case unavailable(reason: String)
    /// Others kept the store busy until there was no time left. Nothing was written.
    case timedOut
    /// A record is in no form that this build reads: somebody else has written it, or a newer build. It is left as it is.
    case unreadable(reason: String)
    /// A key or a value is outside of what every backend can hold.
    case notStorable(reason: String)
}

extension StoreError {
    /// For the log and for whoever sets the function up.
    var reason: String {
        switch self {
        case .conditionFailed: "somebody else was first"
        case .unavailable(let reason), .unreadable(let reason), .notStorable(let reason): reason
        case .timedOut: "others kept the store busy until there was no time left"
        }
    }

    /// What the caller is told; the reason is for the log alone.
    public var functionError: FunctionError {
        switch self {
        case .conditionFailed:
            FunctionError(409, "CONFLICT", "Another request changed the same data at the same time")
        case .unavailable, .timedOut:
            FunctionError(
                503, "STORE_UNAVAILABLE", "Our store cannot be reached; try again", retryAfter: 1, detail: reason)
        case .unreadable, .notStorable:
            FunctionError(500, "INTERNAL_ERROR", FunctionError.internalError.message, detail: reason)
        }
    }
}

/// Does what may fail in the store; a failure becomes what callers get to see.
public func storing<Result>(_ work: () throws(StoreError) -> Result) throws(FunctionError) -> Result {
    do throws(StoreError) { return try work() } catch { throw error.functionError }
}
