extension Invocation {
    /// Does what was put off, and writes the invocation's line. A runtime calls it once the answer is on its way.
    func finish() {
        workOff()
        tell()
    }

    /// Writes the one line that says it all, after the answer: nobody waits for a log.
    private func tell() {
        let record = record.withLock { $0 }
        guard let conclusion = record.conclusion else { return }
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
        log.write(.info, conclusion.outcome, requestID: requestID, fields + record.notes)
    }
}

extension JSON {
    static func milliseconds(_ microseconds: Int) -> JSON { .decimal(microseconds, places: 3) }
}
