/// An HTTP request as a function sees it, whichever way it came in.
public struct Request: Sendable {
    /// As sent: `GET`, `POST`, ...
    public let method: String
    /// The path without the query and without a gateway's stage, percent-encoded as it came: `/api/ownli/token`.
    public private(set) var path: String
    /// The query without its question mark, percent-encoded as it came; empty when there is none.
    public let query: String
    public let headers: Headers
    /// The body's bytes; what a gateway encoded as base64 is decoded.
    public private(set) var body: [UInt8]
    /// Whom a gateway verified as its sender; nil when none did.
    public let identity: GatewayIdentity?
    /// Who sent it, for routes that are not for anyone; nil when nobody verified that, neither a gateway nor we.
    public private(set) var caller: Caller?

    public init(
        method: String, path: String, query: String = "", headers: Headers = Headers(), body: [UInt8] = [],
        identity: GatewayIdentity? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.identity = identity
    }

    func at(_ path: String) -> Request {
        var request = self
        request.path = path
        return request
    }

    /// The same request, now that its body has come.
    func bringing(_ body: [UInt8]) -> Request {
        var request = self
        request.body = body
        return request
    }

    /// The same request, now that its sender is known.
    func sent(by caller: Caller?) -> Request {
        var request = self
        request.caller = caller
        return request
    }
}

/// Header fields in the order they were given. Names are compared without regard to case (RFC 9110 section 5.1).
public struct Headers: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    public private(set) var fields: [Field] = []

    public struct Field: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    public init() {}

    public init(dictionaryLiteral fields: (String, String)...) {
        for (name, value) in fields { add(name, value) }
    }

    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// The first field of that name.
    public subscript(_ name: String) -> String? {
        fields.first { equalIgnoringASCIICase($0.name, name) }?.value
    }

    public func all(_ name: String) -> [String] {
        fields.filter { equalIgnoringASCIICase($0.name, name) }.map { $0.value }
    }
}
