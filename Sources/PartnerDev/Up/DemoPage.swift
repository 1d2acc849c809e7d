import PartnerCore

/// The demonstration's page. It is part of this program: nothing is fetched from anywhere else.
enum DemoPage {
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'
        """

    /// Nil when the request is for something else.
    static func response(to request: Request) -> Response? {
        guard request.method == "GET" || request.method == "HEAD" else { return nil }
        switch request.path {
        case "/": return file(PackageResources.index_html, "text/html; charset=utf-8")
        case "/_dev/style.css": return file(PackageResources.style_css, "text/css; charset=utf-8")
        case "/_dev/app.js": return file(PackageResources.app_js, "text/javascript; charset=utf-8")
        default: return nil
        }
    }

    private static func file(_ bytes: [UInt8], _ type: String) -> Response {
        Response(
            status: 200,
            headers: [
                "Content-Type": type, "Cache-Control": "no-store", "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            ], body: bytes)
    }
}
