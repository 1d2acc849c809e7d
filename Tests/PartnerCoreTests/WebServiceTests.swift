import CSystem
import TestSupport
import Testing

@testable import PartnerCore

@Suite("A function over HTTP")
struct WebServiceTests {
    /// Puts work off that ends only when it is told to.
    private struct Patient: Function {
        static let about = About(name: "patient", summary: "")
        let release = Lock(false)
        let done = Lock(0)

        init(reading settings: inout SettingsReader) {}

        var routes: [Route] {
            [
                Route("GET", "/later") { [release, done] _, invocation throws(FunctionError) in
                    invocation.afterwards {
                        _ = release.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
                        done.withLock { $0 += 1 }
                    }
                    return Response(status: 204)
                },
                Route("GET", "/now") { _, _ throws(FunctionError) in Response(status: 204) },
            ]
        }

        var probes: [Probe] { [] }
    }

    @Test("work after an answer does not hold up the connection's next request, and is waited for at the end")
    func workAfterwards() throws {
        var settings = SettingsReader(Environment([:]))
        let invoker = Invoker<Patient>(reading: &settings, hasGateway: false)
        let function = invoker.function
        let service = WebService(
            invoker: invoker, settings: WebSettings(reading: &settings), log: Log(level: .fatal, descriptor: -1))
        let server = try HTTPServer(port: 0, intake: HTTPServer.Intake(admit: service.admit))
        guard let run = Thread({ server.run() }) else { throw SystemError(code: EAGAIN) }
        let connection = try #require(RawConnection(port: server.port))
        for path in ["/later", "/now", "/later", "/now"] {
            connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(connection.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
        }
        #expect(function.done.withLock { $0 } == 0)
        server.stop()
        run.join()
        #expect(service.background.wait(until: .after(milliseconds: 0)) == 2)
        function.release.withLock { $0 = true }
        function.release.notify()
        #expect(service.background.wait(until: .after(milliseconds: 20_000)) == 0)
        #expect(function.done.withLock { $0 } == 2)
    }
}
