/// An HTTP request that a gateway wrapped into an event, and the shape that it wants the answer in.
public struct HTTPEvent: Sendable {
    /// A failure is answered over HTTP like any other refusal.
    public let request: Result<Request, FunctionError>
    let shape: Shape

    enum Shape: Sendable, Equatable {
        /// REST API, and an HTTP API that is set to payload 1.0.
        case payload1
        /// HTTP API and Function URL.
        case payload2
        /// Application Load Balancer; answered with multi-value headers if it sent them.
        case loadBalancer(isMultiValue: Bool)
    }

    /// Nil when this is no HTTP event: what tells the shape, the method or the path is not there.
    init?(decoding event: JSON) {
        let context = event["requestContext"] ?? .null
        let http = context["http"] ?? .null
        if case .object? = context["elb"] {
            shape = .loadBalancer(isMultiValue: event["multiValueHeaders"]?.present != nil)
        } else if case .object = http {
            shape = .payload2
        } else {
            shape = .payload1
        }
        let pathName = shape == .payload2 ? "rawPath" : "path"
        let method = shape == .payload2 ? http["method"] : event["httpMethod"]
        guard let method, let path = event[pathName], method.isText, path.isText else { return nil }
        do throws(FunctionError) {
            let method = try text(method, "the method")
            let path = try text(path, pathName)
            request = .success(
                Request(
                    method: method, path: shape.path(path, in: event),
                    query: try shape.query(event), headers: try Headers(decoding: event), body: try decodedBody(event),
                    // A load balancer's claims are headers with a signature, which nobody here has checked.
                    identity: shape.isLoadBalancer ? nil : GatewayIdentity(decoding: context)))
        } catch {
            request = .failure(error)
        }
    }
}

extension HTTPEvent.Shape {
    var isLoadBalancer: Bool {
        switch self {
        case .loadBalancer: true
        case .payload1, .payload2: false
        }
    }

    /// The path without the stage that it begins with. HTTP APIs put it there; REST APIs do under a custom domain whose
    /// mapping names no stage, and then `requestContext.path` is the same. A path that is the route's as it is, and would
    /// not be without its beginning, begins with the stage only by chance (the stage `api`, the route `/api/users/{id}`).
    fileprivate func path(_ path: String, in event: JSON) -> String {
        let context = event["requestContext"] ?? .null
        let rest = withoutStage(path, context)
        guard rest != path else { return path }
        let route: String?
        switch self {
        case .payload1:
            guard context["path"]?.string == path else { return path }
            route = event["resource"]?.string
        case .payload2:
            // `GET /api/users/{id}`
            route = event["routeKey"]?.string.flatMap { $0.split(separator: " ").last }.map { String($0) }
        case .loadBalancer: return path
        }
        guard let route = route.map({ PathPattern($0) }) else { return rest }
        return route.matches(path) && !route.matches(rest) ? path : rest
    }

    /// Payload 2.0 has the query as it was sent. Otherwise it is rebuilt from the parameters, which payload 1.0 has
    /// decoded and a load balancer has left percent-encoded.
    fileprivate func query(_ event: JSON) throws(FunctionError) -> String {
        guard self != .payload2 else {
            guard let query = event["rawQueryString"], query.isText else { return "" }
            return try text(query, "rawQueryString")
        }
        var parts: [String] = []
        for (name, value) in try pairs(event, "multiValueQueryStringParameters", "queryStringParameters") {
            parts.append(isLoadBalancer ? "\(name)=\(value)" : "\(percentEncoded(name))=\(percentEncoded(value))")
        }
        return parts.joined(separator: "&")
    }
}

extension Headers {
    /// Values are never split on commas: dates and User-Agents hold them.
    fileprivate init(decoding event: JSON) throws(FunctionError) {
        self.init()
        for (name, value) in try pairs(event, "multiValueHeaders", "headers") {
            try add(name, value, from: "headers")
        }
        // Payload 2.0 takes the cookies out of the headers; a Function URL leaves them there as well.
        var cookies: [String] = []
        for cookie in event["cookies"]?.array ?? [] where cookie.isText { cookies.append(try text(cookie, "cookies")) }
        if !cookies.isEmpty && self["Cookie"] == nil {
            try add("Cookie", cookies.joined(separator: "; "), from: "cookies")
        }
    }

    /// On the wire none of these can be in a field (RFC 9110 section 5.5), and whoever reads it on does not expect them.
    private mutating func add(_ name: String, _ value: String, from member: String) throws(FunctionError) {
        let isForbidden: (UInt8) -> Bool = { $0 == 0x00 || $0 == 0x0a || $0 == 0x0d }
        guard !name.utf8.contains(where: isForbidden), !value.utf8.contains(where: isForbidden) else {
            throw .parameter(member, "a field holds a NUL character or a line break")
        }
        add(name, value)
    }
}

/// The members of an object that comes in two forms: every value of a name, or its last one only. Values that are no
/// strings are left out.
private func pairs(
    _ event: JSON, _ multiValue: String, _ singleValue: String
) throws(FunctionError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    for member in event[multiValue]?.members ?? [] {
        for value in member.value.array ?? [] where value.isText { pairs.append(try pair(member, value, multiValue)) }
    }
    guard pairs.isEmpty else { return pairs }
    for member in event[singleValue]?.members ?? [] where member.value.isText {
        pairs.append(try pair(member, member.value, singleValue))
    }
    return pairs
}

private func pair(_ member: JSON.Member, _ value: JSON, _ owner: String) throws(FunctionError) -> (String, String) {
    guard !member.isNameUnpaired else { throw .unpaired(owner) }
    return (member.name, try text(value, owner))
}

private func text(_ value: JSON, _ name: String) throws(FunctionError) -> String {
    guard let text = value.string else { throw .unpaired(name) }
    return text
}

extension FunctionError {
    fileprivate static func unpaired(_ name: String) -> FunctionError {
        .parameter(name, "holds half of a surrogate pair, which is no text")
    }
}

private func withoutStage(_ path: String, _ context: JSON) -> String {
    guard let stage = context["stage"]?.string, !stage.isEmpty, stage != "$default" else { return path }
    let prefix = "/" + stage
    if path == prefix { return "/" }
    return path.hasPrefix(prefix + "/") ? String(path.dropFirst(prefix.count)) : path
}

private func decodedBody(_ event: JSON) throws(FunctionError) -> [UInt8] {
    switch (event["body"]?.present, event["isBase64Encoded"]?.present) {
    case (nil, _): return []
    case (.string(let text)?, nil), (.string(let text)?, .bool(false)?): return Array(text.utf8)
    case (.string(let text)?, .bool(true)?):
        if let bytes = Base64.decode(text) { return bytes }
    case (.unpaired?, _): throw .invalid("INVALID_BODY", "The body holds half of a surrogate pair, which is no text")
    default: break
    }
    throw .invalid("INVALID_BODY", "The body came neither as text nor as the base64 that it is said to be")
}
