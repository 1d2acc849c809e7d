import TestSupport
import Testing

@testable import PartnerCore

@Suite("The path under which an API is")
struct BasePathTests {
    private struct Stays: Function {
        static let about = About(name: "stays", summary: "")
        init(reading settings: inout SettingsReader) {}
        var probes: [Probe] { [] }
        var routes: [Route] {
            [
                Route("GET", "/api/stays") { _, _ in Response(status: 204) },
                Route("DELETE", "/api/stays/{id}") { request, _ in
                    Response(status: 200, body: Array((request.lastSegment ?? "").utf8))
                },
            ]
        }
    }

    private func invoker(_ basePath: String) throws -> Invoker<Stays> {
        var settings = SettingsReader(Environment(["BASE_PATH": basePath]))
        let invoker = Invoker<Stays>(reading: &settings)
        try #require(settings.problems.isEmpty)
        return invoker
    }

    /// What a function answers at a path, behind each kind of gateway and load balancer.
    private func statuses(_ path: String, under basePath: String) throws -> Set<Int> {
        let invoker = try invoker(basePath)
        let events = [
            payload2("GET", path), payload2("GET", path, stage: "live"), payload1("GET", path),
            targetGroup("GET", path, members: #""headers":{}"#),
        ]
        return try Set(
            events.map { event in
                guard case .answer(let answer) = invoker.invoke(Array(event.utf8), in: .forStore()) else { return 0 }
                return try JSON.parse(answer)["statusCode"]?.integer ?? 0
            })
    }

    @Test("is taken off the path of every kind of event, and may be missing")
    func takenOff() throws {
        for path in ["/partners/api/stays", "/api/stays"] { #expect(try statuses(path, under: "partners") == [204]) }
        for path in ["/partners/v1/api/stays", "/api/stays"] {
            #expect(try statuses(path, under: "partners/v1") == [204])
        }
    }

    @Test(
        "alone is taken off, and once",
        arguments: [
            "/partner/api/stays", "/partnersapi/stays", "/Partners/api/stays", "/others/api/stays", "/partners",
            "/partners/", "/partners/partners/api/stays", "/partners//api/stays", "//partners/api/stays",
            "/api/partners/stays", "/partners/api/stays/", "/%70artners/api/stays", "/partners/%2e%2e/api/stays",
        ])
    func nothingElse(path: String) throws {
        #expect(try statuses(path, under: "partners") == [404])
    }

    @Test("is nowhere unless it is set")
    func unset() throws {
        #expect(try statuses("/api/stays", under: "") == [204])
        #expect(try statuses("/partners/api/stays", under: "") == [404])
    }

    @Test("is taken off over HTTP too, before a route's parameters are read")
    func http() throws {
        var settings = SettingsReader(Environment([:]))
        let service = try WebService(
            invoker: invoker("partners"), settings: WebSettings(reading: &settings),
            log: Log(level: .fatal, descriptor: -1))
        let server = try HTTPServer(port: 0, intake: HTTPServer.Intake(admit: service.admit))
        Thread { server.run() }!.detach()
        defer { server.stop() }
        func answer(_ path: String) throws -> String {
            let connection = try #require(RawConnection(port: server.port))
            connection.send("DELETE \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return connection.readToEnd().text
        }
        for path in ["/partners/api/stays/7", "/api/stays/7"] {
            #expect(try answer(path).hasPrefix("HTTP/1.1 200 "))
            #expect(try answer(path).hasSuffix("\r\n\r\n7"))
        }
        #expect(try answer("/others/api/stays/7").hasPrefix("HTTP/1.1 404 "))
    }

    @Test(
        "has usual characters, and begins like no route",
        arguments: [
            ("partners", true), ("partners/v1", true), ("p_1-A/b", true), ("apis", true), ("v1/api", true),
            ("/partners", false), ("partners/", false), ("partners//v1", false), ("/", false), (".", false),
            ("a%20b", false), ("a b", false), ("é", false), ("api", false), ("api/v1", false),
        ])
    func allowed(text: String, isAllowed: Bool) {
        var settings = SettingsReader(Environment(["BASE_PATH": text]))
        _ = Invoker<Stays>(reading: &settings)
        #expect(settings.problems.map { $0.name } == (isAllowed ? [] : ["BASE_PATH"]))
    }
}
