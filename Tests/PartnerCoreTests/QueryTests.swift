import Testing

@testable import PartnerCore

@Suite("A query")
struct QueryTests {
    private func items(_ query: String) throws -> QueryItems {
        try Request(method: "GET", path: "/", query: query).queryItems()
    }

    @Test(
        "a parameter is found, decoded",
        arguments: [
            ("a=1", "1"), ("b=2&a=1", "1"), ("a", ""), ("a=", ""), ("a=b=c", "b=c"), ("%61=%31", "1"), ("a=x+y", "x y"),
            ("a=x%2By", "x+y"), ("a=%c3%A9", "é"), ("a=é", "é"), ("&&a=1&", "1"), ("a=%3C%26%3D%3E", "<&=>"),
        ])
    func found(query: String, value: String) throws {
        #expect(try items(query).single("a") == value)
    }

    @Test("a parameter that is not there is nil", arguments: ["", "&", "b=a", "A=1", "=a"])
    func missing(query: String) throws {
        #expect(try items(query).single("a") == nil)
    }

    @Test(
        "a parameter given twice is refused when it is read, and only then", arguments: ["a=1&a=2&b=3", "a&b=3&%61=1"])
    func twice(query: String) throws {
        let items = try items(query)
        #expect(throws: FunctionError(400, "INVALID_QUERY", "A query parameter was given twice")) {
            try items.single("a")
        }
        #expect(try items.single("b") == "3")
    }

    @Test(
        "broken percent-encoding is refused, in names too",
        arguments: [
            "a=%", "a=%4", "a=%zz", "a=%4g", "a=%%41", "a=% 41", "a=%+1", "%=1", "a=1&b=%", "a=%00", "a=x%00y", "%00=1",
            "a=%ff", "a=%C3", "a=%C3%28", "a=%ED%A0%80", "a=%C0%80", "a=\u{0}",
        ])
    func broken(query: String) throws {
        #expect(throws: FunctionError(400, "INVALID_QUERY", "The query's percent-encoding is broken")) {
            try items(query)
        }
    }

    @Test("everything but the unreserved characters is encoded")
    func encoding() {
        #expect(percentEncoded("") == "")
        #expect(percentEncoded("AZaz09-._~") == "AZaz09-._~")
        #expect(percentEncoded("a b/ü?&=+%#") == "a%20b%2F%C3%BC%3F%26%3D%2B%25%23")
        #expect(percentEncoded("\u{0}\r\n") == "%00%0D%0A")
        #expect(percentEncoded("../..") == "..%2F..")
    }
}
