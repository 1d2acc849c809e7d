import PartnerCore

/// The demonstration's page, and the one of all routes. They are part of this program: nothing is fetched from anywhere
/// else.
enum DemoPage {
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'
        """

    /// Nil when the request is for something else.
    static func response(to request: Request) -> Response? {
        guard request.method == "GET" || request.method == "HEAD" else { return nil }
        if request.path == "/" { return file(PackageResources.index_html, "text/html") }
        if request.path == "/_dev/api" { return file(PackageResources.api_html, "text/html") }
        let name = request.path.hasPrefix("/_dev/") ? String(request.path.dropFirst("/_dev/".count)) : ""
        if let style = styles[name] { return file(style, "text/css") }
        return scripts[name].map { file($0, "text/javascript") }
    }

    private static let styles = ["api.css": PackageResources.api_css, "style.css": PackageResources.style_css]

    private static let scripts = [
        "api.js": PackageResources.api_js,
        "app.js": PackageResources.app_js,
        "curl.js": PackageResources.curl_js,
        "elements.js": PackageResources.elements_js,
        "events.js": PackageResources.events_js,
        "kept.js": PackageResources.kept_js,
        "map.js": PackageResources.map_js,
        "ownerrez.js": PackageResources.ownerrez_js,
        "ownli.js": PackageResources.ownli_js,
        "requests.js": PackageResources.requests_js,
        "session.js": PackageResources.session_js,
        "whatif.js": PackageResources.whatif_js,
        "wire.js": PackageResources.wire_js,
    ]

    private static func file(_ bytes: [UInt8], _ type: String) -> Response {
        Response(
            status: 200,
            headers: [
                "Content-Type": type + "; charset=utf-8", "Cache-Control": "no-store",
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            ], body: bytes)
    }
}
