/// The trace that an invocation belongs to, as its sender says. Both ids are nothing but hexadecimal digits.
struct Trace: Sendable, Equatable {
    /// 32 hexadecimal digits.
    let id: String
    /// 16 hexadecimal digits; nil when the sender names none.
    let spanID: String?
    /// Whether the sender keeps it.
    var isSampled = false

    /// The same trace, in a span that is new.
    func inNewSpan() -> Trace { Trace(id: id, spanID: Self.newSpanID(), isSampled: isSampled) }

    static func newSpanID() -> String { hexadecimal(randomBytes(8)) }
}

extension Invocation {
    /// A call to the outside, as a part of the trace.
    struct Span: Sendable {
        let trace: Trace
        let id: String
        let started: Instant

        /// As W3C Trace Context has it (section 3.2).
        var traceparent: String { "00-\(trace.id)-\(id)-\(trace.isSampled ? "01" : "00")" }
    }

    /// For a call that begins now. Where spans are recorded it is one of its own; else it is that of the invocation's
    /// sender. Nil where traces are not followed.
    func span(from started: Instant) -> Span? {
        guard let trace else { return nil }
        let id = recordsSpans ? nil : trace.spanID
        return Span(trace: trace, id: id ?? Trace.newSpanID(), started: started)
    }
}
