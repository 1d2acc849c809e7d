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

    private enum Unit: String { case count = "Count", milliseconds = "Milliseconds", seconds = "Seconds" }

    private struct Metric {
        let name: String
        let unit: Unit
        /// A number, or an array of up to `mostValues`.
        let value: JSON
    }

    /// CloudWatch takes no metric with more values in one line.
    static let mostValues = 100

    /// What the invocation has done, in lines of the log, and `ColdStart` on one of its own: it has other dimensions.
    func text(of invocation: Invocation) -> [UInt8] {
        let time = Timestamp.now()
        let coldStart = invocation.isColdStart ? [coldStartLine(at: time)] : []
        var text: [UInt8] = []
        for line in coldStart + lines(of: invocation, at: time) { text += line + [UInt8(ascii: "\n")] }
        return text
    }

    func coldStartLine(at time: Timestamp) -> [UInt8] {
        line(
            [Metric(name: "ColdStart", unit: .count, value: 1)],
            dimensions: [
                JSON.Member("function_name", .string(functionName)), JSON.Member("service", .string(service)),
            ],
            properties: [], at: time)
    }

    /// One line, and one more for every further hundred upstream calls. None for an invocation that counted nothing.
    func lines(of invocation: Invocation, at time: Timestamp) -> [[UInt8]] {
        let record = invocation.record.withLock { $0 }
        var metrics = record.counts.map {
            Metric(name: $0.name, unit: $0.isSeconds ? .seconds : .count, value: .integer($0.count))
        }
        if !record.calls.isEmpty {
            metrics.append(Metric(name: "Retries", unit: .count, value: .integer(record.retries)))
        }
        var lines: [[UInt8]] = []
        var calls = record.calls[...]
        while !metrics.isEmpty || !calls.isEmpty {
            let some = calls.prefix(Self.mostValues)
            calls = calls.dropFirst(some.count)
            var properties = [JSON.Member("requestId", .string(invocation.requestID))]
            if !some.isEmpty {
                let values = some.map { JSON.milliseconds($0.microseconds) }
                metrics.insert(Metric(name: "UpstreamLatency", unit: .milliseconds, value: .array(values)), at: 0)
                properties.append(JSON.Member("upstream", Self.byName(some)))
            }
            lines.append(
                line(
                    metrics, dimensions: [JSON.Member("service", .string(service))], properties: properties, at: time))
            metrics = []
        }
        return lines
    }

    /// Which call took how long: a property, to be searched for, since every value of a dimension would be a metric more.
    private static func byName(_ calls: ArraySlice<Invocation.Call>) -> JSON {
        var names: [(name: String, milliseconds: [JSON])] = []
        for call in calls {
            let milliseconds = JSON.milliseconds(call.microseconds)
            if let index = names.firstIndex(where: { $0.name == call.name }) {
                names[index].milliseconds.append(milliseconds)
            } else {
                names.append((call.name, [milliseconds]))
            }
        }
        return .object(names.map { JSON.Member($0.name, .array($0.milliseconds)) })
    }

    private func line(
        _ metrics: [Metric], dimensions: [JSON.Member], properties: [JSON.Member], at time: Timestamp
    ) -> [UInt8] {
        let definitions = metrics.map { metric in
            JSON.object([JSON.Member("Name", .string(metric.name)), JSON.Member("Unit", .string(metric.unit.rawValue))])
        }
        let directive: JSON = [
            "Namespace": .string(namespace),
            "Dimensions": .array([.array(dimensions.map { .string($0.name) })]),
            "Metrics": .array(definitions),
        ]
        let metadata: JSON = [
            "Timestamp": .integer(time.epochMilliseconds), "CloudWatchMetrics": .array([directive]),
        ]
        let values = metrics.map { JSON.Member($0.name, $0.value) }
        return JSON.object([JSON.Member("_aws", metadata)] + dimensions + values + properties).text
    }
}
