/// An HTTP request that a gateway wrapped into an event, and the shape that it wants the answer in.
public struct HTTPEvent: Sendable {
    /// A failure is answered over HTTP like any other refusal.
    public let request: Result<Request, FunctionError>
    let shape: Shape

    enum Shape: Sendable, Equatable {
        /// HTTP API and Function URL.
        case payload2
        /// REST API.
        case payload1
        /// Application Load Balancer; answered with multi-value headers if it sent them.
        case loadBalancer(isMultiValue: Bool)
    }

    /// Nil when this is no HTTP event.
    init?(decoding event: JSON) {
        let context = event["requestContext"] ?? .null
        if case .object? = context["elb"] {
            shape = .loadBalancer(isMultiValue: event["multiValueHeaders"]?.present != nil)
        } else if event["version"]?.string == "2.0", case .object? = context["http"] {
            shape = .payload2
        } else if event["httpMethod"]?.string != nil, case .object = context {
            shape = .payload1
        } else {
            return nil
        }
        let isPayload2 = shape == .payload2
        let method = isPayload2 ? context["http"]?["method"]?.string : event["httpMethod"]?.string
        let path = event[isPayload2 ? "rawPath" : "path"]?.string
        let query = isPayload2 ? event["rawQueryString"]?.string ?? "" : Self.rebuiltQuery(event, shape)
        guard let body = Self.body(event) else {
            request = .failure(.invalid("INVALID_BODY", "The body is said to be base64 and is not"))
            return
        }
        request = .success(
            Request(
                method: method ?? "GET", path: Self.withoutStage(path ?? "/", context, shape), query: query,
                headers: Headers(decoding: event), body: body,
                caller: shape.isLoadBalancer ? nil : Caller(decoding: context)))
    }

    /// Nil when the base64 is broken.
    private static func body(_ event: JSON) -> [UInt8]? {
        let text = event["body"]?.string ?? ""
        return event["isBase64Encoded"]?.bool == true ? Base64.decode(text) : Array(text.utf8)
    }

    /// `rawPath` begins with the stage, unless it is `$default`.
    private static func withoutStage(_ path: String, _ context: JSON, _ shape: Shape) -> String {
        guard shape == .payload2, let stage = context["stage"]?.string, stage != "$default", !stage.isEmpty else {
            return path
        }
        let prefix = "/" + stage
        if path == prefix { return "/" }
        return path.hasPrefix(prefix + "/") ? String(path.dropFirst(prefix.count)) : path
    }

    /// A REST API hands over decoded parameters, a load balancer leaves them as they were sent.
    private static func rebuiltQuery(_ event: JSON, _ shape: Shape) -> String {
        let encode: (String) -> String = { shape.isLoadBalancer ? $0 : percentEncoded($0) }
        var pairs: [String] = []
        if let parameters = event["multiValueQueryStringParameters"]?.members {
            for parameter in parameters {
                for value in parameter.value.array ?? [] {
                    pairs.append(encode(parameter.name) + "=" + encode(value.string ?? ""))
                }
            }
        } else {
            for parameter in event["queryStringParameters"]?.members ?? [] {
                pairs.append(encode(parameter.name) + "=" + encode(parameter.value.string ?? ""))
            }
        }
        return pairs.joined(separator: "&")
    }
}

extension HTTPEvent.Shape {
    var isLoadBalancer: Bool {
        switch self {
        case .loadBalancer: true
        case .payload1, .payload2: false
        }
    }
}

extension Headers {
    /// Values are never split on commas: dates and User-Agents hold them.
    fileprivate init(decoding event: JSON) {
        self.init()
        if let fields = event["multiValueHeaders"]?.members {
            for field in fields {
                for value in field.value.array ?? [] { add(field.name, value.string ?? "") }
            }
        } else {
            for field in event["headers"]?.members ?? [] {
                if let value = field.value.string { add(field.name, value) }
            }
        }
        // A Function URL repeats its cookies among the headers.
        if let cookies = event["cookies"]?.array, self["Cookie"] == nil {
            let texts = cookies.compactMap { $0.string }
            if !texts.isEmpty { add("Cookie", texts.joined(separator: "; ")) }
        }
    }
}
