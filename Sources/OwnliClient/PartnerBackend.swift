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

    /// `DELETE /api/ownli/users/me`: may be repeated. Afterwards the user has not opted in, whether they had or not. A token
    /// that your app still has opens Ownli until it expires: forget its `OwnliClient`.
    public func withdraw() async throws {
        do {
            _ = try await answer(to: OwnliRequest("DELETE", "/api/ownli/users/me"))
        } catch OwnliClientError.backendRefused(let refusal) where refusal.code == "NOT_LINKED" {}
    }

    /// `GET /api/ownli/users/me/rewards`: the user's own, without a token in the app.
    /// - Throws: `OwnliClientError.backendRefused` with `NOT_LINKED` when the user has not opted in.
    public func rewards() async throws -> [OwnliReward] {
        try await answer(to: OwnliRequest("GET", "/api/ownli/users/me/rewards")).decoded(as: RewardsBody.self).rewards
    }

    /// `POST /api/ownli/users/me/rewards/claim`: claims what is confirmed, likewise. Where it fails without a refusal, look
    /// at the rewards before you ask again: they may have been claimed.
    ///
    /// - Parameters:
    ///   - product: the id of one of Ownli's products, as which it is paid out.
    ///   - language: Ownli's `en` if nil.
    /// - Returns: where the user takes it; whoever has the address can.
    /// - Throws: `OwnliClientError.backendRefused`, for one with `ERROR_NO_CONFIRMED_REWARDS`.
    public func claimRewards(product: String, language: String? = nil) async throws -> URL {
        let body = try JSONEncoder().encode(ClaimBody(product: product, language: language))
        let request = OwnliRequest("POST", "/api/ownli/users/me/rewards/claim", json: body)
        return try await answer(to: request).decoded(as: Claimed.self).link
    }

    func answer(to request: OwnliRequest) async throws -> Service.Answer {
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

private struct RewardsBody: Decodable {
    let rewards: [OwnliReward]
}

private struct ClaimBody: Encodable {
    let product: String
    let language: String?
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
