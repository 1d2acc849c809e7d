import Testing

@testable import PartnerCore

@Suite("A route")
struct RouteTests {
    private func route(_ path: String) -> Route {
        Route("GET", path) { _, _ throws(FunctionError) in Response(status: 200) }
    }

    @Test("without a parameter is its path, byte for byte")
    func exact() {
        let route = route("/api/items")
        #expect(route.path.matches("/api/items"))
        for path in ["/api/items/", "/api//items", "/api/Items", "/api/items%20", "/api", ""] {
            #expect(!route.path.matches(path))
        }
    }

    @Test("with a parameter takes one segment, which is not empty")
    func parameter() {
        let route = route("/api/items/{id}")
        for path in ["/api/items/7", "/api/items/a%2Fb", "/api/items/é"] { #expect(route.path.matches(path)) }
        for path in ["/api/items", "/api/items/", "/api/items/7/", "/api/items/7/8", "/api/item/7"] {
            #expect(!route.path.matches(path))
        }
    }

    @Test("with a parameter in between, and one for all that is left")
    func rest() {
        let route = route("/api/{id}/v2/{path+}")
        for path in ["/api/7/v2/a", "/api/7/v2/a/b", "/api/7/v2//", "/api/7/v2/../x", "/api/v2/v2/v2/"] {
            #expect(route.path.matches(path), "\(path)")
        }
        for path in ["/api/7/v2/", "/api/7/v2", "/api//v2/a", "/api/7/8/v2/a", "/api/7/v1/a", "/api/7/V2/a", "/api/7"] {
            #expect(!route.path.matches(path), "\(path)")
        }
        let inner = self.route("/api/{id}/end")
        for path in ["/api/7/end/", "/api/7/en"] { #expect(!inner.path.matches(path)) }
        #expect(inner.path.matches("/api/7/end"))
    }

    @Test(
        "gives the parameter decoded",
        arguments: [
            ("/api/items/7", "7"), ("/api/items/a%2Fb", "a/b"), ("/api/items/%C3%A9", "é"), ("/api/items/%zz", nil),
            ("/api/items/%00", nil), ("/api/items/+", "+"),
        ] as [(String, String?)])
    func decoded(path: String, expected: String?) {
        #expect(Request(method: "GET", path: path).lastSegment == expected)
    }

    /// Answers with the length of the body.
    private struct Measuring: Function {
        static let about = About(name: "measuring", summary: "")
        init(reading settings: inout SettingsReader) {}
        var probes: [Probe] { [] }
        var routes: [Route] {
            let handler: Route.Handler = { request, _ in
                Response(status: 200, body: Array("\(request.body.count)".utf8))
            }
            return [
                Route("GET", "/", handler), Route("POST", "/", handler),
                Route("POST", "/large", takes: 70_000, handler),
                Route("POST", "/people", for: .people, handler),
                Route("POST", "/holders", for: .holders { _, _ throws(FunctionError) in throw .notSignedIn }, handler),
            ]
        }
    }

    @Test(
        "takes no more of a body than it says: nothing with GET, 64 KiB otherwise",
        arguments: [
            ("GET", "/", 0, 200), ("GET", "/", 1, 413), ("POST", "/", 65_536, 200), ("POST", "/", 65_537, 413),
            ("POST", "/large", 70_000, 200), ("POST", "/large", 70_001, 413),
            // Who may not come in hears nothing of limits.
            ("POST", "/people", 65_537, 401), ("POST", "/holders", 0, 401),
        ])
    func limits(method: String, path: String, size: Int, status: Int) {
        var settings = SettingsReader(Environment([:]))
        let invocation = Invocation(
            requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(level: .fatal, descriptor: -1))
        let request = Request(method: method, path: path, body: [UInt8](repeating: 32, count: size))
        let response = Measuring(reading: &settings).respond(to: request, in: invocation) { _, _ in nil }
        #expect(response.status == status)
    }
}
