import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Your own backend: token-relay and user-opt-in.
public struct PartnerBackend: Sendable {
    private let service: Service
    private let authorize: @Sendable (inout URLRequest) async throws -> Void

    /// Who the user is to Ownli.
    public struct Link: Sendable, Equatable {
        /// `XT_USR...`
        public let ownliUserID: String
        public let linkedAt: Date
    }

    /// - Parameters:
    ///   - baseURL: `https`, or loopback.
    ///   - transport: must not follow redirects.
    ///   - authorize: says who calls, as your backend wants it; commonly in the header `Authorization`. Its errors are
    ///     thrown as they are.
    public init(
        baseURL: URL, transport: any Transport = URLSessionTransport(),
        authorize: @escaping @Sendable (inout URLRequest) async throws -> Void
    ) throws(OwnliClientError) {
        service = try Service(baseURL, transport)
        self.authorize = authorize
    }

    /// `POST /api/ownli/token`
    public func token() async throws -> UserToken {
        let answer = try await answer(to: OwnliRequest("POST", "/api/ownli/token"))
        let body = try answer.decoded(as: TokenBody.self)
        // An admin token is never to be in an app. What is no token must not get into a header (RFC 6750 section 2.1).
        guard body.scope == "user", body.expiresIn >= 0, !body.secret.isEmpty,
            body.secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw OwnliClientError.answerNotUnderstood(status: answer.status) }
        return UserToken(secret: body.secret, expiresIn: body.expiresIn)
    }

    /// `POST /api/ownli/users`: may be repeated.
    public func optIn(_ form: OptIn) async throws -> Link {
        try await answer(to: OwnliRequest("POST", "/api/ownli/users", json: JSONEncoder().encode(form))).decoded()
    }

    /// `GET /api/ownli/users/me`
    /// - Returns: nil when the user has not opted in.
    public func me() async throws -> Link? {
        do {
            return try await answer(to: OwnliRequest("GET", "/api/ownli/users/me")).decoded()
        } catch OwnliClientError.backendRefused(let refusal) where refusal.code == "NOT_LINKED" {
            return nil
        }
    }

    private func answer(to request: OwnliRequest) async throws -> Service.Answer {
        var request = try service.request(request)
        try await authorize(&request)
        let answer = try await service.send(request)
        switch answer.status {
        case 200..<300: return answer
        case 300..<400: throw OwnliClientError.redirected(status: answer.status)
        case 401: throw OwnliClientError.signedOut
        default: throw OwnliClientError.backendRefused(answer.refusal)
        }
    }
}

extension PartnerBackend.Link: Decodable {
    private enum CodingKeys: String, CodingKey { case ownliUserID = "ownliUserId", linkedAt }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        ownliUserID = try members.decode(String.self, forKey: .ownliUserID)
        guard let linkedAt = date(try members.decode(String.self, forKey: .linkedAt)) else {
            throw DecodingError.dataCorruptedError(forKey: .linkedAt, in: members, debugDescription: "not RFC 3339")
        }
        self.linkedAt = linkedAt
    }
}

/// As token-relay answers.
private struct TokenBody: Decodable {
    let secret: String
    let expiresIn: Int
    let scope: String

    enum CodingKeys: String, CodingKey {
        case secret = "access_token"
        case expiresIn = "expires_in"
        case scope
    }
}
