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
}
