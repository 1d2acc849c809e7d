/// Metrics in CloudWatch's embedded metric format: lines of the log from which CloudWatch takes figures by itself, so
/// that nothing is called. Namespace, `service` and `ColdStart` are as Powertools for AWS Lambda has them.
///
/// Source: "Specification: Embedded metric format", Amazon CloudWatch User Guide.
struct Metrics: Sendable {
    let namespace: String
    /// The dimension of every metric.
    let service: String
    /// The dimension of `ColdStart` besides.
    let functionName: String

    /// CloudWatch takes no metric with more values in one line.
    static let mostValues = 100

    /// What the invocation has done, in lines of the log, and `ColdStart` on one of its own: it has other dimensions.
    func write(_ record: Invocation.Record, of invocation: Invocation, at time: Timestamp, to text: inout TextBuffer) {
        if invocation.isColdStart { writeColdStart(at: time, to: &text) }
        // One line, and one more for every further hundred upstream calls. None for who counted nothing.
        var calls = record.calls.prefix(Self.mostValues)
        guard !calls.isEmpty || !record.counts.isEmpty else { return }
        writeLine(calls, record, isFirst: true, requestID: invocation.requestID, at: time, to: &text)
        while calls.endIndex < record.calls.endIndex {
            calls = record.calls[calls.endIndex...].prefix(Self.mostValues)
            writeLine(calls, record, isFirst: false, requestID: invocation.requestID, at: time, to: &text)
        }
    }

    func writeColdStart(at time: Timestamp, to text: inout TextBuffer) {
        beginLine(#"["function_name","service"]"#, at: time, to: &text)
        define("ColdStart", "Count", in: &text)
        text.append("]}]}")
        text.member("function_name", functionName)
        text.member("service", service)
        text.member("ColdStart", 1)
        text.append("}\n")
    }

    /// - Parameter isFirst: whether what is no call's is told too.
    private func writeLine(
        _ calls: ArraySlice<Invocation.Call>, _ record: Invocation.Record, isFirst: Bool, requestID: String,
        at time: Timestamp, to text: inout TextBuffer
    ) {
        let counts = isFirst ? record.counts : []
        let tellsRetries = isFirst && !calls.isEmpty
        beginLine(#"["service"]"#, at: time, to: &text)
        if !calls.isEmpty { define("UpstreamLatency", "Milliseconds", in: &text) }
        for count in counts { define(count.name, count.isSeconds ? "Seconds" : "Count", in: &text) }
        if tellsRetries { define("Retries", "Count", in: &text) }
        text.append("]}]}")
        text.member("service", service)
        if !calls.isEmpty {
            text.member("UpstreamLatency")
            writeLatencies(of: calls, to: &text)
        }
        for count in counts { text.member(count.name, count.count) }
        if tellsRetries { text.member("Retries", record.retries) }
        text.member("requestId", requestID)
        if !calls.isEmpty { writeByName(calls, to: &text) }
        text.append("}\n")
    }

    /// Up to where its metrics are defined.
    private func beginLine(_ dimensions: String, at time: Timestamp, to text: inout TextBuffer) {
        text.append(#"{"_aws":{"Timestamp":"#)
        text.append(time.epochMilliseconds)
        text.append(#","CloudWatchMetrics":[{"Namespace":"#)
        text.quote(namespace)
        text.append(#","Dimensions":["#)
        text.append(dimensions)
        text.append(#"],"Metrics":["#)
    }

    private func define(_ name: String, _ unit: String, in text: inout TextBuffer) {
        text.element()
        text.append(UInt8(ascii: "{"))
        text.member("Name", name)
        text.member("Unit", unit)
        text.append(UInt8(ascii: "}"))
    }

    /// Which call took how long: a property, to be searched for, since every value of a dimension would be a metric more.
    private func writeByName(_ calls: ArraySlice<Invocation.Call>, to text: inout TextBuffer) {
        text.member("upstream")
        text.append(UInt8(ascii: "{"))
        for index in calls.indices where !calls[..<index].contains(where: { $0.name == calls[index].name }) {
            let name = calls[index].name
            text.member(name)
            writeLatencies(of: calls[index...].filter { $0.name == name }[...], to: &text)
        }
        text.append(UInt8(ascii: "}"))
    }

    private func writeLatencies(of calls: ArraySlice<Invocation.Call>, to text: inout TextBuffer) {
        text.append(UInt8(ascii: "["))
        for call in calls {
            text.element()
            text.append(milliseconds: call.microseconds)
        }
        text.append(UInt8(ascii: "]"))
    }
}
