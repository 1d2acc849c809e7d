/// Which web apps of other origins may read the answers (Fetch standard, "CORS protocol"). Over HTTP only: on AWS the
/// gateway does it.
struct CrossOrigin: Sendable {
    /// As browsers send them: `https://app.example.com`.
    let origins: [String]

    /// For how long a browser keeps a preflight's answer, in seconds.
    private static let maxAge = 3600

    init(origins: [String]) { self.origins = origins }

    init(reading settings: inout SettingsReader) {
        let text = settings.value(
            "CORS_ALLOWED_ORIGINS", default: "", placeholder: "",
            expected: "origins as browsers send them, https://app.example.com, comma-separated; * is none",
            "origins of web apps that may call over HTTP"
        ) { text in
            let list = text.commaSeparated
            return (text.isEmpty || !list.isEmpty) && list.allSatisfy { Self.isOrigin($0) } ? text : nil
        }
        origins = text.commaSeparated
    }

    /// The answer to a browser that asks whether it may send a request to one of the routes. Nil when it is none of that,
    /// or from an origin that may not.
    func preflight(_ request: Request, _ routes: [Route], in invocation: Invocation) -> Response? {
        let matching = routes.filter { $0.path.matches(request.path) }
        guard request.method == "OPTIONS", request.headers["Access-Control-Request-Method"] != nil,
            allowedOrigin(of: request) != nil, !matching.isEmpty
        else { return nil }
        invocation.route = matching[0].path.text
        return Response(
            status: 204,
            headers: [
                "Access-Control-Allow-Methods": matching.map { $0.method }.joined(separator: ", "),
                "Access-Control-Allow-Headers": "Authorization, Content-Type",
                "Access-Control-Max-Age": "\(Self.maxAge)",
            ])
    }

    /// Lets the origin that sent the request read the answer, if it is one of ours. With credentials: a cookie binds the
    /// browser in which a connection to OwnerRez is begun.
    func permit(_ response: inout Response, to request: Request) {
        guard !origins.isEmpty else { return }
        // What is answered depends on who asks: no cache may give one origin's answer to another.
        response.headers.add("Vary", "Origin")
        guard let origin = allowedOrigin(of: request) else { return }
        response.headers.add("Access-Control-Allow-Origin", origin)
        response.headers.add("Access-Control-Allow-Credentials", "true")
    }

    private func allowedOrigin(of request: Request) -> String? {
        let sent = request.headers.all("Origin")
        guard sent.count == 1 else { return nil }
        return origins.first { $0 == sent[0] }
    }

    /// Whether a browser could send it: a scheme, a host in lower case, a port unless it is the scheme's own, and nothing
    /// after it (RFC 6454 section 6.2). Apps in a web view have schemes of their own: `capacitor://localhost`.
    static func isOrigin(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
            bytes.first.map({ isLowercase($0) }) == true,
            bytes[..<colon].allSatisfy({ isLowercase($0) || $0.isASCIIDigit || "+-.".utf8.contains($0) })
        else { return false }
        let scheme = bytes[..<colon]
        var host = bytes[(colon + 3)...]
        let hostEnd = host.first == UInt8(ascii: "[") ? host.firstIndex(of: UInt8(ascii: "]")) : host.startIndex
        guard let hostEnd else { return false }
        if let mark = host[hostEnd...].firstIndex(of: UInt8(ascii: ":")) {
            guard let port = HTTPSyntax.decimal(host[(mark + 1)...]), (1...65_535).contains(port),
                host[mark + 1] != UInt8(ascii: "0"),
                !(port == 443 && scheme.elementsEqual("https".utf8)),
                !(port == 80 && scheme.elementsEqual("http".utf8))
            else { return false }
            host = host[..<mark]
        }
        if host.first == UInt8(ascii: "[") {
            return host.last == UInt8(ascii: "]") && host.count > 2
                && host.dropFirst().dropLast().allSatisfy {
                    $0.isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) || $0 == UInt8(ascii: ":")
                }
        }
        return !host.isEmpty
            && host.allSatisfy { isLowercase($0) || $0.isASCIIDigit || "-._".utf8.contains($0) }
    }

    private static func isLowercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
