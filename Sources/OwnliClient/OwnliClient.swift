import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Ownli's API for one signed-in user of the app. Make another when somebody else signs in.
///
/// The token is asked for when it is first needed and 5 minutes before it expires, once for all who wait. When Ownli
/// does not accept it (401), it is renewed, and the call is made once more. Any number of tasks may share a client.
public struct OwnliClient: Sendable {
    public static let sandboxURL = URL(string: "https://api.sandbox.ownli.app")!
    public static let productionURL = URL(string: "https://api.ownli.app")!

    private let service: Service
    private let tokens: TokenKeeper

    /// - Parameters:
    ///   - baseURL: `https`, or loopback.
    ///   - transport: must not follow redirects.
    ///   - token: asks your backend for a token, such as `PartnerBackend.token`. Its errors are thrown as they are.
    public init(
        baseURL: URL, transport: any Transport = URLSessionTransport(),
        token: @escaping @Sendable () async throws -> UserToken
    ) throws(OwnliClientError) {
        try self.init(baseURL: baseURL, transport: transport, tokens: TokenKeeper(ask: token))
    }

    init(baseURL: URL, transport: any Transport, tokens: TokenKeeper) throws(OwnliClientError) {
        service = try Service(baseURL, transport)
        self.tokens = tokens
    }

    /// - Returns: the body of an answer with status 2xx.
    /// - Throws: `OwnliClientError`, `CancellationError`, or what asking for the token throws.
    @discardableResult
    public func send(_ request: OwnliRequest) async throws -> Data { try await answer(to: request).body }

    func answer(to request: OwnliRequest) async throws -> Service.Answer {
        let request = try service.request(request)
        let lease = try await tokens.lease()
        var answer = try await service.send(request, with: lease.token)
        if answer.status == 401 {
            await tokens.discard(lease)
            answer = try await service.send(request, with: tokens.lease().token)
        }
        switch answer.status {
        case 200..<300: return answer
        case 300..<400: throw OwnliClientError.redirected(status: answer.status)
        case 401: throw OwnliClientError.ownliDoesNotAcceptTheToken
        case 403 where answer.refusal.code == "INSUFFICIENT_SCOPE": throw OwnliClientError.endpointBelongsOnTheServer
        default: throw OwnliClientError.ownliRefused(answer.refusal)
        }
    }
}

extension Service {
    fileprivate func send(_ request: URLRequest, with token: UserToken) async throws -> Answer {
        var request = request
        request.setValue("Bearer \(token.secret)", forHTTPHeaderField: "Authorization")
        return try await send(request)
    }
}
