import CSystem
import Glibc
import Testing

@testable import PartnerCore

@Suite("X-Ray")
struct XRayTests {
    private static let parent = Trace(
        id: "5759e988bd862e3fe1be46a994272793", spanID: "53995c3f42cd8ad8", isSampled: true)

    /// X-Ray's daemon on loopback: it keeps nothing, and hands out what came.
    private final class Daemon {
        private let socket: Int32
        let port: UInt16

        init() {
            let descriptor = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    precondition(bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0)
                }
            }
            socket = descriptor
            port = UInt16(bigEndian: address.sin_port)
        }

        deinit { close(socket) }

        /// What came first. A datagram to loopback is there when it is sent.
        func received() -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : Array(bytes[..<count])
        }

        func xRay(_ service: String = "token-relay") -> XRay {
            XRay(service: service, daemon: Datagrams(to: Datagrams.Peer("127.0.0.1:\(port)")!))
        }
    }

    private func invocation(isSampled: Bool = true) -> Invocation {
        let trace = Trace(id: Self.parent.id, spanID: "70de5b6f19ff9a0a", isSampled: isSampled)
        return Invocation(
            requestID: "r-1", deadline: .after(milliseconds: 20_000), traceID: nil, trace: trace,
            recordsSpans: isSampled, isColdStart: false, log: Log(descriptor: -1))
    }

    /// A call that began so many microseconds after the invocation.
    private func call(
        _ name: String, _ outcome: String, after: Int, _ microseconds: Int, id: String, in invocation: Invocation
    ) -> Invocation.Call {
        let started = Instant(nanoseconds: invocation.started.nanoseconds / 1000 * 1000 + after * 1000)
        let span = Invocation.Span(trace: invocation.trace!, id: id, started: started)
        return Invocation.Call(name: name, outcome: outcome, microseconds: microseconds, span: span)
    }

    private func document(of invocation: Invocation, under parent: Trace = Self.parent) -> String? {
        let xRay = Daemon().xRay()
        let epoch = 1_574_109_732_004_000 - invocation.started.nanoseconds / 1000
        return xRay.document(of: invocation, under: parent, epoch: epoch).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("the document of an invocation: a subsegment of Lambda's segment, and one for each call within")
    func document() {
        let invocation = invocation()
        invocation.route = "POST /api/ownli/token"
        invocation.add(call("POST /api/auth/token", "429", after: 500, 8125, id: "1111111111111111", in: invocation))
        invocation.add(
            call("dynamodb GetItem", "no answer came in time", after: 9000, 250, id: "2222222222222222", in: invocation)
        )
        let conclusion = Invocation.Conclusion(outcome: "answered", status: 502, microseconds: 12_500)
        invocation.record.withLock { $0.conclusion = conclusion }
        let expected =
            #"{"type":"subsegment","trace_id":"1-5759e988-bd862e3fe1be46a994272793","#
            + #""parent_id":"53995c3f42cd8ad8","id":"70de5b6f19ff9a0a","name":"token-relay","#
            + #""start_time":1574109732.004,"end_time":1574109732.0165,"http":{"response":{"status":502}},"fault":true,"#
            + #""annotations":{"requestId":"r-1","route":"POST /api/ownli/token"},"#
            + #""subsegments":[{"id":"1111111111111111","name":"POST /api/auth/token","start_time":1574109732.0045,"#
            + #""end_time":1574109732.012625,"namespace":"remote","http":{"response":{"status":429}},"error":true,"#
            + #""throttle":true},{"id":"2222222222222222","name":"dynamodb GetItem","start_time":1574109732.013,"#
            + #""end_time":1574109732.01325,"namespace":"remote","fault":true,"#
            + #""metadata":{"default":{"outcome":"no answer came in time"}}}]}"#
        #expect(document(of: invocation) == expected)
    }

    @Test("an invocation without an answer has failed; one without a status has not")
    func withoutStatus() throws {
        let failed = invocation()
        #expect(try #require(document(of: failed)).contains(#""fault":true"#))
        let processed = invocation()
        processed.conclude("processed")
        let text = try #require(document(of: processed))
        #expect(!text.contains("fault") && !text.contains("http"))
    }

    @Test("without a segment above it there is nothing to be told")
    func noParent() {
        #expect(document(of: invocation(), under: Trace(id: Self.parent.id, spanID: nil, isSampled: true)) == nil)
    }

    @Test("X-Ray's names have few signs, and end; a datagram does too")
    func limits() throws {
        let invocation = invocation()
        let name = "GET /v2/bookings/{id}?é" + String(repeating: "x", count: 300)
        for number in 0..<250 {
            invocation.add(call(name, "200", after: number, 1, id: "1111111111111111", in: invocation))
        }
        let json = try JSON.parse(Array(try #require(document(of: invocation)).utf8))
        let calls = try #require(json["subsegments"]?.array)
        #expect(calls.count == XRay.mostCalls)
        let text = try #require(calls[0]["name"]?.string)
        #expect(text.hasPrefix("GET /v2/bookings/_id____x") && text.utf8.count == 200)
        #expect(json.text.count < 65_000)
    }

    @Test("the datagram: a line that says what it is, and the document")
    func datagram() throws {
        let daemon = Daemon()
        let invocation = invocation()
        daemon.xRay("user-opt-in").write(invocation, under: Self.parent)
        let received = String(decoding: try #require(daemon.received()), as: UTF8.self)
        #expect(received.hasPrefix(#"{"format":"json","version":1}"# + "\n" + #"{"type":"subsegment","trace_id":"1-"#))
        #expect(received.contains(#""name":"user-opt-in""#))
        #expect(daemon.received() == nil)
    }

    @Test("a trace that is not kept is not told")
    func notSampled() {
        let daemon = Daemon()
        daemon.xRay().write(invocation(isSampled: false), under: Self.parent)
        #expect(daemon.received() == nil)
    }

    @Test("that nobody listens is no failure, and the next one is sent all the same")
    func nobody() throws {
        let port = Daemon().port
        let datagrams = Datagrams(to: Datagrams.Peer("127.0.0.1:\(port)")!)
        for _ in 1...3 { datagrams.send([1]) }
        let daemon = Daemon()
        let other = Datagrams(to: Datagrams.Peer("127.0.0.1:\(daemon.port)")!)
        other.send([UInt8](repeating: 0, count: 70_000))
        other.send([2])
        #expect(daemon.received() == [2], "one that is too large is lost")
    }

    @Test(
        "the daemon's address is numeric, with a port",
        arguments: [
            ("169.254.79.129:2000", true), ("[::1]:2000", true), ("::1:2000", false), ("[127.0.0.1]:2000", false),
            ("localhost:2000", false), ("127.0.0.1", false), ("127.0.0.1:", false), ("127.0.0.1:0", false),
            ("127.0.0.1:65536", false), ("", false), (":2000", false), ("tcp:127.0.0.1:2000 udp:127.0.0.1:2000", false),
        ])
    func address(text: String, isOne: Bool) {
        #expect((Datagrams.Peer(text) != nil) == isOne)
    }

    @Test("it is off unless it is switched on; then the address has to be one")
    func settings() {
        let about = About(name: "token-relay", summary: "for tests")
        var off = SettingsReader(Environment(["AWS_XRAY_DAEMON_ADDRESS": "nonsense"]))
        #expect(XRay(reading: &off, for: about) == nil && off.problems.isEmpty)
        var on = SettingsReader(Environment(["TRACING": "on"]))
        #expect(XRay(reading: &on, for: about)?.service == "token-relay" && on.problems.isEmpty)
        var wrong = SettingsReader(Environment(["TRACING": "on", "AWS_XRAY_DAEMON_ADDRESS": "nonsense"]))
        #expect(XRay(reading: &wrong, for: about) == nil)
        #expect(wrong.problemList == "  AWS_XRAY_DAEMON_ADDRESS: expected ADDRESS:PORT\n")
    }
}
