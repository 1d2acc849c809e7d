import Testing

@testable import PartnerCore

@Suite("A trace")
struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test("is read as W3C Trace Context has it, later versions included")
    func traceParent() throws {
        for text in ["00-\(Self.trace)-\(Self.span)-01", "cc-\(Self.trace)-\(Self.span)-00-what-the-future-brings"] {
            let trace = try #require(Trace(["Traceparent": text]))
            #expect(trace.id == Self.trace)
            #expect(trace.spanID == Self.span)
        }
    }

    @Test(
        "is nothing when it is malformed",
        arguments: [
            "", "-", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-x",
            "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-0", "00-\(trace)-\(span)-011", "0-\(trace)-\(span)-01",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(span)-01", "00-\(trace)x-\(span)-01", " 00-\(trace)-\(span)-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-0\(span)-01", "00-\(trace)-00f067aa0ba902bg-01",
        ])
    func malformed(text: String) {
        #expect(Trace(traceparent: text) == nil)
    }

    @Test("is nothing when it is given twice")
    func twice() {
        let text = "00-\(Self.trace)-\(Self.span)-01"
        #expect(Trace(["traceparent": text, "Traceparent": text]) == nil)
    }

    @Test("is read from X-Cloud-Trace-Context, whose span is a decimal number")
    func cloud() {
        let expected: [(String, String?)] = [
            ("\(Self.trace)/67667974448284343;o=1", Self.span), ("\(Self.trace)/1", "0000000000000001"),
            ("\(Self.trace)/18446744073709551615;o=0", "ffffffffffffffff"), (Self.trace, nil),
            ("\(Self.trace)/0;o=1", nil), ("\(Self.trace);o=1", nil),
        ]
        for (text, span) in expected {
            let trace = Trace(["x-cloud-trace-context": text])
            #expect(trace?.id == Self.trace, "\(text)")
            #expect(trace?.spanID == span, "\(text)")
        }
    }

    @Test(
        "is nothing when X-Cloud-Trace-Context is malformed",
        arguments: [
            "", "/", ";", "\(trace)/", "\(trace)/x", "\(trace)/+1", "\(trace)/18446744073709551616", "\(trace)/1/2",
            "00000000000000000000000000000000/1", "\(trace)0/1", "4bf9/1",
        ])
    func malformedCloud(text: String) {
        #expect(Trace(cloudTraceContext: text) == nil)
    }

    @Test("is W3C's when both are given")
    func both() {
        let headers: Headers = [
            "X-Cloud-Trace-Context": "00000000000000000000000000000001/1",
            "traceparent": "00-\(Self.trace)-\(Self.span)-01",
        ]
        #expect(Trace(headers)?.id == Self.trace)
    }

    @Test("is kept by its sender when the flags say so")
    func sampled() throws {
        for (flags, isSampled) in [("01", true), ("00", false), ("03", true), ("02", false), ("0f", true)] {
            #expect(Trace(traceparent: "00-\(Self.trace)-\(Self.span)-\(flags)")?.isSampled == isSampled, "\(flags)")
        }
        for (text, isSampled) in [(";o=1", true), (";o=0", false), ("", false), (";o=10", false)] {
            #expect(Trace(cloudTraceContext: "\(Self.trace)/1\(text)")?.isSampled == isSampled, "\(text)")
        }
    }

    @Test("is read from X-Ray's header, fields in any order, and written in X-Ray's form")
    func xRay() throws {
        let root = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736"
        let expected: [(String, String?, Bool)] = [
            ("\(root);Parent=\(Self.span);Sampled=1", Self.span, true),
            ("\(root);Parent=\(Self.span);Sampled=0;Lineage=a87bd80c:0", Self.span, false),
            ("Sampled=1; Parent=\(Self.span); \(root)", Self.span, true), (root, nil, false),
            ("\(root);Parent=\(Self.span)0;Sampled=?", nil, false), ("\(root);Sampled=11", nil, false),
        ]
        for (text, span, isSampled) in expected {
            let trace = try #require(Trace(xRay: text), "\(text)")
            #expect(trace == Trace(id: Self.trace, spanID: span, isSampled: isSampled), "\(text)")
            #expect(trace.xRayID == "1-4bf92f35-77b34da6a3ce929d0e0e4736")
        }
    }

    @Test(
        "is nothing when X-Ray's header is malformed",
        arguments: [
            "", ";", "Parent=\(span);Sampled=1", "Root=", "Root=1", "Root=1-4bf92f35", "Root=\(trace)",
            "Root=2-4bf92f35-77b34da6a3ce929d0e0e4736", "Root=1-4BF92F35-77b34da6a3ce929d0e0e4736",
            "Root=1-4bf92f3-577b34da6a3ce929d0e0e4736", "Root=1-00000000-000000000000000000000000",
            "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736-0", "root=1-4bf92f35-77b34da6a3ce929d0e0e4736",
        ])
    func malformedXRay(text: String) {
        #expect(Trace(xRay: text) == nil)
    }

    /// What an upstream is sent, twice, by an invocation with this trace.
    private func traceparents(_ trace: Trace?, recordsSpans: Bool = false) throws -> [String?] {
        let received = Lock<[String?]>([])
        let server = try HTTPServer(port: 0) { request in
            received.withLock { $0.append(request.headers["traceparent"]) }
            return .response(Response(status: 200))
        }
        Thread { server.run() }!.detach()
        defer { server.stop() }
        let invocation = Invocation(
            requestID: "r", deadline: .after(milliseconds: 20_000), traceID: nil, trace: trace,
            recordsSpans: recordsSpans, isColdStart: false, log: Log(descriptor: -1))
        var settings = SettingsReader(Environment([:]))
        let client = HTTPClient(reading: &settings)
        for _ in 1...2 {
            let request = HTTPRequest(name: "GET /", method: "GET", url: "http://127.0.0.1:\(server.port)/")
            #expect(try client.send(request, in: invocation).status == 200)
        }
        return received.withLock { $0 }
    }

    @Test("is sent on to upstreams as the sender's span, where no spans are recorded")
    func sentOn() throws {
        let trace = Trace(id: Self.trace, spanID: Self.span, isSampled: true)
        let expected = "00-\(Self.trace)-\(Self.span)-01"
        #expect(try traceparents(trace) == [expected, expected])
        #expect(try traceparents(nil) == [nil, nil])
    }

    @Test("names a span of its own for each call, where spans are recorded or the sender has named none")
    func spans() throws {
        for (span, records) in [(Self.span, true), (nil, false)] {
            let trace = Trace(id: Self.trace, spanID: span, isSampled: false)
            let sent = try traceparents(trace, recordsSpans: records).compactMap { $0 }
            let parsed = sent.compactMap { Trace(traceparent: $0) }
            #expect(parsed.count == 2 && parsed.allSatisfy { $0.id == Self.trace && !$0.isSampled })
            #expect(parsed[0].spanID != parsed[1].spanID && parsed.allSatisfy { $0.spanID != Self.span })
        }
    }
}
