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
        let method = (shape == .payload2 ? http["method"] : event["httpMethod"])?.string
        let path = event[shape == .payload2 ? "rawPath" : "path"]?.string
        guard let method, let path else { return nil }
        do throws(FunctionError) {
            request = .success(
                Request(
                    method: method, path: shape.hasStage(path, method, event) ? withoutStage(path, context) : path,
                    query: shape.query(event), headers: Headers(decoding: event), body: try decodedBody(event),
                    // A load balancer's claims are headers with a signature, which nobody here has checked.
                    caller: shape.isLoadBalancer ? nil : Caller(decoding: context)))
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

    /// Whether the path may begin with the stage. HTTP APIs put it there; REST APIs do under a custom domain whose
    /// mapping names no stage, and then `requestContext.path` is the same. A path that is the route itself, word for
    /// word, begins with the stage only by chance (the stage `api`, the route `/api/users`).
    fileprivate func hasStage(_ path: String, _ method: String, _ event: JSON) -> Bool {
        switch self {
        case .payload1: event["requestContext"]?["path"]?.string == path && event["resource"]?.string != path
        case .payload2: event["routeKey"]?.string != "\(method) \(path)"
        case .loadBalancer: false
        }
    }

    /// Payload 2.0 has the query as it was sent. Otherwise it is rebuilt from the parameters, which payload 1.0 has
    /// decoded and a load balancer has left percent-encoded.
    fileprivate func query(_ event: JSON) -> String {
        guard self != .payload2 else { return event["rawQueryString"]?.string ?? "" }
        return pairs(event, "multiValueQueryStringParameters", "queryStringParameters")
            .map { isLoadBalancer ? "\($0)=\($1)" : "\(percentEncoded($0))=\(percentEncoded($1))" }
            .joined(separator: "&")
    }
}

extension Headers {
    /// Values are never split on commas: dates and User-Agents hold them.
    fileprivate init(decoding event: JSON) {
        self.init()
        for (name, value) in pairs(event, "multiValueHeaders", "headers") { add(name, value) }
        // Payload 2.0 takes the cookies out of the headers; a Function URL leaves them there as well.
        let cookies = (event["cookies"]?.array ?? []).compactMap { $0.string }
        if !cookies.isEmpty && self["Cookie"] == nil { add("Cookie", cookies.joined(separator: "; ")) }
    }
}

/// The members of an object that comes in two forms: every value of a name, or its last one only. Values that are no
/// strings are left out.
private func pairs(_ event: JSON, _ multiValue: String, _ singleValue: String) -> [(String, String)] {
    var pairs: [(String, String)] = []
    for member in event[multiValue]?.members ?? [] {
        for value in member.value.array ?? [] {
            if let text = value.string { pairs.append((member.name, text)) }
        }
    }
    guard pairs.isEmpty else { return pairs }
    for member in event[singleValue]?.members ?? [] {
        if let text = member.value.string { pairs.append((member.name, text)) }
    }
    return pairs
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
    default: break
    }
    throw .invalid("INVALID_BODY", "The body came neither as text nor as the base64 that it is said to be")
}
