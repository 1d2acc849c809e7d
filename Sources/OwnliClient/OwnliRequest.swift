import Foundation

/// A call of an endpoint that has no method of its own.
public struct OwnliRequest: Sendable {
    public let method: String
    /// From its slash, percent-encoded: `/api/vehicles/checkin/mileage`.
    public let path: String
    /// As it is: it will be percent-encoded.
    public let query: [URLQueryItem]
    /// The body as JSON, which is sent again when the token had to be renewed.
    public let json: Data?

    public init(_ method: String, _ path: String, query: [URLQueryItem] = [], json: Data? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.json = json
    }
}
