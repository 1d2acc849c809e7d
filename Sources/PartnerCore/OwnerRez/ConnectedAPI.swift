/// OwnerRez's API with the tokens of those who have connected their accounts, within the shared rate budget.
public struct ConnectedAPI: Sendable {
    /// OwnerRez takes its time over a hundred rows.
    private static let longestMilliseconds = 20_000

    /// Bytes: what a direct invocation has room for.
    public static let largestBody = 6_291_456

    private let store: RecordStore
    private let tokens: ConnectionTokens
    private let budget: RateBudget

    private var api: OwnerRezAPI { tokens.endpoint.api }

    public init(_ store: RecordStore, _ tokens: ConnectionTokens, _ budget: RateBudget) {
        self.store = store
        self.tokens = tokens
        self.budget = budget
    }

    /// Below which all paths are.
    public var baseURL: BaseURL { api.baseURL }

    /// Sends a request with the connection's access token, which is renewed when it is due, and once when it is refused. A
    /// connection whose tokens are refused after all is marked as revoked, and told of as that.
    ///
    /// - Parameter subject: the user whose connection it has to be; nil: whoever's it is.
    /// - Returns: any answer that is none of 401, 429, 5xx and a redirect: other refusals of OwnerRez's, as 403 and 404,
    ///   are answers too.
    public func call(
        _ request: APIRequest, account: Int, of subject: String?, as use: RateBudget.Use, in invocation: Invocation
    ) throws(APICallError) -> HTTPResponse {
        let first = try token(account, subject, in: invocation)
        let response = try send(request, with: first, as: use, in: invocation)
        guard try isRefused(response) else { return response }
        let second = try token(account, subject, insteadOf: first, in: invocation)
        if second != first {
            let response = try send(request, with: second, as: use, in: invocation)
            guard try isRefused(response) else { return response }
        }
        // What is refused here may be taken elsewhere. Only a token that is good for nothing ends a connection.
        let isAccepted: Bool
        do throws(OwnerRezError) { isAccepted = try api.accepts(second, in: invocation) } catch {
            throw .upstream(error)
        }
        guard !isAccepted else { throw .upstream(.unexpectedAnswer("401 for a token that is taken elsewhere")) }
        let isRevoked: Bool
        do throws(FunctionError) {
            isRevoked = try tokens.markRevoked(account: account, of: subject, refused: second, in: invocation)
        } catch {
            throw .failed(error)
        }
        // It has others by now, or is gone: whoever calls again is served with what there is then.
        guard isRevoked else { throw .upstream(.unexpectedAnswer("401 for a token that is in use no more")) }
        throw .revoked
    }

    private func token(
        _ account: Int, _ subject: String?, insteadOf refused: Secret? = nil, in invocation: Invocation
    ) throws(APICallError) -> Secret {
        let usable: ConnectionTokens.Usable?
        do throws(FunctionError) {
            usable = try tokens.usable(account: account, of: subject, insteadOf: refused, in: invocation)
        } catch {
            throw .failed(error)
        }
        switch usable {
        case nil: throw .notConnected
        case .revoked?: throw .revoked
        case .tokens(let tokens)?, .unrenewable(let tokens)?: return tokens.access
        }
    }

    /// "user_agent_required" comes as a 401 too, and says nothing of the token.
    private func isRefused(_ response: HTTPResponse) throws(APICallError) -> Bool {
        guard response.status == 401 else { return false }
        guard OwnerRezError.code(of: response) != "user_agent_required" else {
            throw .upstream(OwnerRezError(response))
        }
        return true
    }

    private func send(
        _ request: APIRequest, with token: Secret, as use: RateBudget.Use, in invocation: Invocation
    ) throws(APICallError) -> HTTPResponse {
        try retrying(in: invocation, tries: request.mayBeSentTwice ? 3 : 1) { () throws(APICallError) in
            while true {
                try budget.take(use, in: invocation)
                let response: HTTPResponse
                do throws(OwnerRezError) {
                    response = try api.answer(to: wire(request, token), in: invocation)
                    if response.status != 429 { return try OwnerRezAPI.checked(response) }
                } catch {
                    throw .upstream(error)
                }
                // It has done nothing there, so that it may come again after the pause, whatever it is.
                budget.pause(retryAfter: response.retryAfter, in: invocation)
            }
        }
    }

    private func wire(_ request: APIRequest, _ token: Secret) -> HTTPRequest {
        var headers: Headers = ["Authorization": "Bearer \(token.reveal())", "Accept": "application/json"]
        if request.body != nil { headers.add("Content-Type", "application/json") }
        return HTTPRequest(
            name: request.name, method: request.method,
            url: api.baseURL.text + request.path + (request.query.isEmpty ? "" : "?" + request.query),
            headers: headers, body: request.body ?? [], longestMilliseconds: Self.longestMilliseconds,
            mayBeSentTwice: request.mayBeSentTwice)
    }
}
