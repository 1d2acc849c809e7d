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
        #expect(route.matches("/api/items"))
        for path in ["/api/items/", "/api//items", "/api/Items", "/api/items%20", "/api", ""] {
            #expect(!route.matches(path))
        }
    }

    @Test("with a parameter takes one segment, which is not empty")
    func parameter() {
        let route = route("/api/items/{id}")
        for path in ["/api/items/7", "/api/items/a%2Fb", "/api/items/é"] { #expect(route.matches(path)) }
        for path in ["/api/items", "/api/items/", "/api/items/7/", "/api/items/7/8", "/api/item/7"] {
            #expect(!route.matches(path))
        }
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
}
