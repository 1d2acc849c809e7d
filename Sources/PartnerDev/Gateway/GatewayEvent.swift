import Foundation
import PartnerCore

/// A request as an HTTP API hands it to a function: payload format 2.0.
struct GatewayEvent {
    let request: Request
    let route: GatewayRoute
    let parameters: [GatewayRoute.Parameter]
    /// What the JWT authorizer verified.
    let claims: JSON?
    let requestID: String
    let time: Date

    var json: JSON {
        var event: JSON = [
            "version": "2.0", "routeKey": .string(route.key), "rawPath": .string(request.path),
            "rawQueryString": .string(request.query),
        ]
        if !cookies.isEmpty { event.add("cookies", .array(cookies.map { .string($0) })) }
        event.add("headers", joined(request.headers.fields.map { ($0.name.lowercased(), $0.value) }, without: "cookie"))
        if !request.query.isEmpty { event.add("queryStringParameters", joined(queryItems)) }
        event.add("requestContext", context)
        if !parameters.isEmpty {
            event.add("pathParameters", .object(parameters.map { JSON.Member($0.name, .string($0.value)) }))
        }
        let text = isText ? String(validating: request.body, as: UTF8.self) : nil
        if !request.body.isEmpty {
            event.add("body", .string(text ?? Data(request.body).base64EncodedString()))
        }
        event.add("isBase64Encoded", .bool(text == nil && !request.body.isEmpty))
        return event
    }

    private var context: JSON {
        var context: JSON = ["accountId": "123456789012", "apiId": "development"]
        if let claims { context.add("authorizer", ["jwt": ["claims": Self.asText(claims), "scopes": .null]]) }
        let domain = request.headers["Host"] ?? "127.0.0.1"
        context.add("domainName", .string(domain))
        context.add("domainPrefix", "development")
        context.add(
            "http",
            [
                "method": .string(request.method), "path": .string(request.path), "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": .string(request.headers["User-Agent"] ?? ""),
            ])
        context.add("requestId", .string(requestID))
        context.add("routeKey", .string(route.key))
        context.add("stage", "$default")
        context.add("time", .string(Self.logTime(time)))
        context.add("timeEpoch", .integer(Int(time.timeIntervalSince1970 * 1000)))
        return context
    }

    private var cookies: [String] {
        request.headers.all("Cookie").flatMap { $0.components(separatedBy: "; ") }
    }

    private var queryItems: [(String, String)] {
        (URLComponents(string: "?" + request.query)?.queryItems ?? []).map { ($0.name, $0.value ?? "") }
    }

    /// A form is base64 too: what is handed over as text is what an HTTP API takes for it.
    private var isText: Bool {
        let type = (request.headers["Content-Type"] ?? "").lowercased().prefix { $0 != ";" && $0 != " " }
        return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml")
            || ["application/json", "application/javascript", "application/xml"].contains(type)
    }

    /// Values of one name are joined by commas.
    private func joined(_ pairs: [(String, String)], without left: String = "") -> JSON {
        var names: [String] = []
        var values: [String: [String]] = [:]
        for (name, value) in pairs where name != left {
            if values[name] == nil { names.append(name) }
            values[name, default: []].append(value)
        }
        return .object(names.map { JSON.Member($0, .string(values[$0, default: []].joined(separator: ","))) })
    }

    /// Claims as the authorizer hands them on: strings all of them, arrays as `[a b]`.
    static func asText(_ claims: JSON) -> JSON {
        .object((claims.members ?? []).map { JSON.Member($0.name, .string(text($0.value))) })
    }

    private static func text(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .array(let elements): "[" + elements.map { text($0) }.joined(separator: " ") + "]"
        default: String(decoding: value.text, as: UTF8.self)
        }
    }

    /// `21/Nov/2026:11:24:30 +0000`
    private static func logTime(_ time: Date) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "dd/MMM/yyyy:HH:mm:ss Z"
        return format.string(from: time)
    }
}
