extension Invocation {
    /// Does what was put off, and writes the invocation's line. A runtime calls it once the answer is on its way.
    func finish() { finish(with: nil) }

    /// Writes the one line that says it all, after the answer: nobody waits for a log.
    ///
    /// - Parameter metrics: are written with the line, at once, whatever the log's level and format.
    func finish(with metrics: Metrics?) {
        workOff()
        let record = record.withLock { $0 }
        var text = TextBuffer()
        if let conclusion = record.conclusion, log.level.rawValue <= Log.Level.info.rawValue {
            log.write(.info, conclusion.outcome, requestID: requestID, to: &text) { tell(record, conclusion, in: &$0) }
        }
        metrics?.write(record, of: self, at: .now(), to: &text)
        log.write(lines: text.bytes)
    }

    private func tell(_ record: Invocation.Record, _ conclusion: Conclusion, in text: inout TextBuffer) {
        if let route = record.route { text.member("route", route) }
        if let status = conclusion.status { text.member("status", status) }
        text.member("durationMs", milliseconds: conclusion.microseconds)
        text.member(JSON.Member("coldStart", .bool(isColdStart)))
        if let traceID { text.member("traceId", traceID) }
        if !record.calls.isEmpty {
            text.member("upstream")
            text.append(UInt8(ascii: "["))
            for call in record.calls {
                text.element()
                text.append(UInt8(ascii: "{"))
                text.member("call", call.name)
                text.member("outcome", call.outcome)
                text.member("ms", milliseconds: call.microseconds)
                text.append(UInt8(ascii: "}"))
            }
            text.append(UInt8(ascii: "]"))
        }
        if record.retries > 0 { text.member("retries", record.retries) }
        if case .cloudLogging = log.format { Self.tellMetrics(record, in: &text) }
        for note in record.notes { text.member(note) }
    }

    /// What CloudWatch gets in lines of its own (`Metrics`), for metrics that Cloud Logging takes out of this one. Of the
    /// calls the longest: it takes one number out of a line.
    private static func tellMetrics(_ record: Invocation.Record, in text: inout TextBuffer) {
        guard !record.counts.isEmpty || !record.calls.isEmpty else { return }
        text.member("metrics")
        text.append(UInt8(ascii: "{"))
        for count in record.counts { text.member(count.name, count.count) }
        if let longest = record.calls.map({ $0.microseconds }).max() {
            text.member("UpstreamLatency", milliseconds: longest)
            text.member("Retries", record.retries)
        }
        text.append(UInt8(ascii: "}"))
    }
}

extension JSON {
    static func milliseconds(_ microseconds: Int) -> JSON { .decimal(microseconds, places: 3) }
}
