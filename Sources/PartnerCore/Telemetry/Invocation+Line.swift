extension Invocation {
    /// Does what was put off, and writes the invocation's line. A runtime calls it once the answer is on its way.
    func finish() { finish(with: nil) }

    /// - Parameter metrics: are written with the line, at once.
    func finish(with metrics: Metrics?) {
        workOff()
        tell(before: metrics?.text(of: self) ?? [])
    }

    /// Writes the one line that says it all, after the answer: nobody waits for a log.
    private func tell(before metrics: [UInt8]) {
        let record = record.withLock { $0 }
        guard let conclusion = record.conclusion else { return log.write(lines: metrics) }
        var fields: [JSON.Member] = []
        if let route = record.route { fields.append(JSON.Member("route", .string(route))) }
        if let status = conclusion.status { fields.append(JSON.Member("status", .integer(status))) }
        fields.append(JSON.Member("durationMs", .milliseconds(conclusion.microseconds)))
        fields.append(JSON.Member("coldStart", .bool(isColdStart)))
        if let traceID { fields.append(JSON.Member("traceId", .string(traceID))) }
        if !record.calls.isEmpty {
            let calls = record.calls.map { call in
                JSON.object([
                    JSON.Member("call", .string(call.name)), JSON.Member("outcome", .string(call.outcome)),
                    JSON.Member("ms", .milliseconds(call.microseconds)),
                ])
            }
            fields.append(JSON.Member("upstream", .array(calls)))
        }
        if record.retries > 0 { fields.append(JSON.Member("retries", .integer(record.retries))) }
        if case .cloudLogging = log.format, let metrics = Self.metrics(record) {
            fields.append(JSON.Member("metrics", metrics))
        }
        log.write(.info, conclusion.outcome, requestID: requestID, fields + record.notes, before: metrics)
    }

    /// What CloudWatch gets in lines of its own (`Metrics`), for metrics that Cloud Logging takes out of this one. Of the
    /// calls the longest: it takes one number out of a line.
    private static func metrics(_ record: Invocation.Record) -> JSON? {
        var members = record.counts.map { JSON.Member($0.name, .integer($0.count)) }
        if let longest = record.calls.map({ $0.microseconds }).max() {
            members.append(JSON.Member("UpstreamLatency", .milliseconds(longest)))
            members.append(JSON.Member("Retries", .integer(record.retries)))
        }
        return members.isEmpty ? nil : .object(members)
    }
}

extension JSON {
    static func milliseconds(_ microseconds: Int) -> JSON { .decimal(microseconds, places: 3) }
}
