/// An HTTP response, before it takes the shape that its way out wants.
public struct Response: Sendable, Equatable {
    public let status: Int
    public var headers: Headers
    public let body: [UInt8]

    public init(status: Int, headers: Headers = Headers(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON answer. `no-store`: all of them are about one person, or hold a token.
    public static func json(_ status: Int, _ value: JSON) -> Response {
        Response(
            status: status, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: value.text)
    }
}
