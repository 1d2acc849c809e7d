import PartnerCore

/// An error in the shape of OwnerRez's API.
struct OwnerRezAPIError: Error, Equatable {
    let status: Int
    let code: String
    let message: String

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static let notFound = OwnerRezAPIError(404, "not_found", "There is no such record")
    static let unauthorized = OwnerRezAPIError(401, "unauthorized", "The token is not valid")
    static let needsAgreement = OwnerRezAPIError(403, "forbidden", "This needs an agreement with OwnerRez")

    static func invalid(_ message: String) -> OwnerRezAPIError { OwnerRezAPIError(400, "bad_request", message) }

    /// Documents and integrations have seen 403, and newer ones 401.
    static func noUserAgent(_ status: Int) -> OwnerRezAPIError {
        OwnerRezAPIError(status, status == 401 ? "user_agent_required" : "forbidden", "A User-Agent is required")
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
