import PartnerCore

/// Where the app is, which people go back to.
struct AppAddress {
    private let url: BaseURL

    /// Reads APP_URL. Nothing that a request says of its host is ever used.
    init(reading settings: inout SettingsReader) {
        url = settings.baseURL("APP_URL", "your app, where people go on once they have connected")
    }

    var text: String { url.text }

    /// Back to where the flow began, with what became of it, and without the code in the address.
    func redirect(to pending: PendingAuthorization, _ result: ConnectionResult) -> Response {
        let separator = pending.returnPath.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
        let location = "\(url.text)\(pending.returnPath)\(separator)ownerrez=\(result.rawValue)"
        return Response(
            status: 303,
            headers: [
                "Location": location, "Set-Cookie": AuthorizationStates.expiredCookie(of: pending),
                "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
            ])
    }
}

/// A path within the app, and nothing that a browser could take for another address: the URL standard skips tabs, and
/// takes `\` for `/`, so that `/\evil.example` is another host.
struct ReturnPath {
    let text: String

    init(_ value: JSON?) throws(FunctionError) {
        guard let value = value?.present else {
            text = "/"
            return
        }
        guard let path = value.string, Self.isPath(path) else {
            throw .parameter("return_to", "a path in the app, as in /settings, without a fragment")
        }
        text = path
    }

    private static func isPath(_ text: String) -> Bool {
        (1...1024).contains(text.utf8.count) && text.hasPrefix("/") && !text.hasPrefix("//")
            && text.utf8.allSatisfy { $0.isASCIIVisible && !"\\\"#<>".utf8.contains($0) }
    }
}

extension Request {
    /// Whether the browser only looks ahead (Fetch, "Sec-Purpose"; the others are older browsers').
    var isPrefetch: Bool {
        ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"].contains { name in
            guard let purpose = headers[name] else { return false }
            return ["prefetch", "preview", "prerender"].contains { purpose.hasPrefix($0) }
        }
    }
}
