/// OwnerRez's API for one connection.
struct AccountAPI: Sendable {
    let api: ConnectedAPI
    let connection: Connection
    let use: RateBudget.Use

    var baseURL: BaseURL { api.baseURL }

    func get(_ address: ListPage.Address, in invocation: Invocation) throws(UpkeepInterruption) -> HTTPResponse {
        try call(APIRequest(path: address.path, query: address.query), in: invocation)
    }

    func call(_ request: APIRequest, in invocation: Invocation) throws(UpkeepInterruption) -> HTTPResponse {
        do throws(APICallError) {
            return try api.call(
                request, account: connection.account.id, of: connection.subject, as: use, in: invocation)
        } catch {
            throw .call(error)
        }
    }
}

/// Why the work on a connection was broken off. All of it may be done again, and goes on where it was.
enum UpkeepInterruption: Error, Sendable, Equatable {
    case call(APICallError)
    case store(StoreError)
    /// The invocation's time is nearly over.
    case outOfTime
    /// Somebody else is at it: we were stopped for too long.
    case takenOver

    /// For the log.
    var reason: String {
        switch self {
        case .call(.upstream(let error)): "OwnerRez cannot be used: \(error.description)"
        case .call(let error): error.functionError.detail ?? error.functionError.message
        case .store(let error): error.reason
        case .outOfTime: "the time is over"
        case .takenOver: "somebody else has gone on with it"
        }
    }
}

/// Does what may fail in the store.
func keeping<Result>(_ work: () throws(StoreError) -> Result) throws(UpkeepInterruption) -> Result {
    do throws(StoreError) { return try work() } catch { throw .store(error) }
}

extension UpkeepInterruption {
    /// What callers get to see.
    var functionError: FunctionError {
        switch self {
        case .call(let error): error.functionError
        case .store(let error): error.functionError
        case .outOfTime: FunctionError(503, "OUT_OF_TIME", "There was not time enough: try again", retryAfter: 1)
        case .takenOver:
            FunctionError(409, "IN_PROGRESS", "This connection is being looked after already: try again later")
        }
    }
}
