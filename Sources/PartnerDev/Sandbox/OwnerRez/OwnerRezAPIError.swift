import PartnerCore

/// An error in the shape of OwnerRez's API.
typealias OwnerRezAPIError = Refusal<OwnerRezForm>

enum OwnerRezForm {}

extension Refusal<OwnerRezForm> {
    static var notFound: Self { Self(404, "not_found", "There is no such record") }
    static var unauthorized: Self { Self(401, "unauthorized", "The token is not valid") }
    static var needsAgreement: Self { Self(403, "forbidden", "This needs an agreement with OwnerRez") }

    static func invalid(_ message: String) -> Self { Self(400, "bad_request", message) }

    /// Documents and integrations have seen 403, and newer ones 401.
    static func noUserAgent(_ status: Int) -> Self {
        Self(status, status == 401 ? "user_agent_required" : "forbidden", "A User-Agent is required")
    }

    var response: Response {
        .json(
            status,
            [
                "messages": [.string(message)], "code": .string(code), "doc_url": "https://api.ownerrez.com/help",
                "status": .string(code), "status_code": .integer(status),
            ])
    }

    /// Its own shape, and no Retry-After.
    static let rateLimited = Response(
        status: 429, headers: ["Content-Type": "application/json"],
        body: Array(#"{"code":429,"error":"Rate limit exceeded."}"#.utf8))
}
