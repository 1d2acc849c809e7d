/// A request to OwnerRez's API for a connected account.
public struct APIRequest: Sendable {
    public let method: String
    /// Percent-encoded: `/v2/bookings`.
    public let path: String
    /// Percent-encoded, without its question mark; empty when there is none.
    public let query: String
    /// JSON.
    public let body: [UInt8]?
    /// Whether it does no harm to send it twice, when nobody knows whether it has arrived.
    public let mayBeSentTwice: Bool

    public init(
        method: String = "GET", path: String, query: String = "", body: [UInt8]? = nil, mayBeSentTwice: Bool = true
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.mayBeSentTwice = mayBeSentTwice
    }

    /// What logs call it, without ids: `GET /v2/bookings/..`.
    var name: String {
        let segments = path.split(separator: "/").dropFirst()
        let collection = segments.first ?? ""
        let isWord =
            collection.utf8.allSatisfy { $0.isASCIIAlphanumeric && !$0.isASCIIDigit } && collection.utf8.count <= 32
        return "\(method) /v2/\(isWord ? String(collection) : "..")\(segments.count > 1 ? "/.." : "")"
    }
}
