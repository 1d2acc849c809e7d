import Foundation
import PartnerCore
import Testing

@testable import OwnliClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("An export")
struct ExportTests {
    private static let path = "/api/ownli/users/me/export"

    /// A backend that has these pages, each by what leads to it.
    private static func answering(
        _ pages: [String: String], to record: Record = Record(), _ body: (PartnerBackend) async throws -> Void
    ) async throws {
        try await serving { request in
            record.add(request)
            return json(200, pages[request.query] ?? "{}")
        } _: { url in
            try await body(
                PartnerBackend(baseURL: url) { $0.setValue("Bearer jwt", forHTTPHeaderField: "Authorization") })
        }
    }

    private static func page(_ rewards: String, _ events: String, next: String?) -> String {
        let next = next.map { "\"\(path)?after=\($0)\"" } ?? "null"
        return #"{"schema":"s","subject":"a,\"}]","rewards":[\#(rewards)],"events":[\#(events)],"next":\#(next)}"#
    }

    @Test("is one document of all pages, to the byte as they were written")
    func pages() async throws {
        let record = Record()
        let pages = [
            "": Self.page(#"{"amount":25.10},{"a":"]\\\""}"#, "", next: "a.b-_1"),
            "after=a.b-_1": Self.page(" ", "", next: "c"),
            "after=c": Self.page(#"{"amount":1e2}"#, #"{"id":12345678901234567890}"#, next: "d"),
            "after=d": Self.page("", #" {"id":2} "#, next: nil),
        ]
        try await Self.answering(pages, to: record) { backend in
            let document = try await backend.export()
            let expected =
                #"{"schema":"s","subject":"a,\"}]","rewards":[{"amount":25.10},{"a":"]\\\""},{"amount":1e2}],"#
                + #""events":[{"id":12345678901234567890}, {"id":2} ],"next":null}"#
            #expect(String(decoding: document, as: UTF8.self) == expected)
        }
        #expect(record.all.map { $0.query } == ["", "after=a.b-_1", "after=c", "after=d"])
        #expect(record.all.allSatisfy { $0.method == "GET" && $0.path == Self.path })
        #expect(record.all.allSatisfy { $0.headers.all("Authorization") == ["Bearer jwt"] })
    }

    @Test("of somebody unknown is what the backend says")
    func unknown() async throws {
        let page = " {\n \"schema\" : \"s\" , \"link\":null,\"rewards\": [ ],\"events\":[] , \"next\" :null } "
        try await Self.answering(["": page]) { backend in
            let document = try await backend.export()
            #expect(
                String(decoding: document, as: UTF8.self)
                    == #"{"schema":"s","link":null,"rewards":[],"events":[],"next":null}"#)
        }
    }

    @Test(
        "goes on nowhere else, and not in a circle",
        arguments: [
            "https://elsewhere.example/api/ownli/users/me/export?after=a", "//elsewhere.example/?after=a",
            "/api/ownli/users/me?after=a", "/api/ownli/users/me/export", "/api/ownli/users/me/export?before=a",
            "/api/ownli/users/me/export?after=a&after=b", "/api/ownli/users/me/export?after=a&to=b", "",
        ])
    func elsewhere(next: String) async throws {
        let record = Record()
        let page = #"{"rewards":[],"events":[],"next":"\#(next)"}"#
        try await Self.answering(["": page, "after=a": page], to: record) { backend in
            await #expect(throws: OwnliClientError.answerNotUnderstood(status: 200)) { try await backend.export() }
        }
        #expect(record.all.count == 1)
    }

    @Test("that leads to where it came from ends")
    func circle() async throws {
        let page = Self.page("", "", next: "a")
        try await Self.answering(["": page, "after=a": page]) { backend in
            await #expect(throws: OwnliClientError.answerNotUnderstood(status: 200)) { try await backend.export() }
        }
    }

    @Test(
        "that is none is not understood",
        arguments: [
            "", "[]", "{}", #"{"rewards":[],"next":null}"#, #"{"rewards":[],"events":{},"next":null}"#,
            #"{"rewards":[],"events":[],"next":1}"#, #"{"rewards":[],"events":[],"next":null"#,
        ])
    func broken(page: String) async throws {
        try await Self.answering(["": page]) { backend in
            await #expect(throws: OwnliClientError.answerNotUnderstood(status: 200)) { try await backend.export() }
        }
    }
}
