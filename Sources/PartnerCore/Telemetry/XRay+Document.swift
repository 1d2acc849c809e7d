extension XRay {
    /// More would not fit into a datagram, of 64 kB.
    static let mostCalls = 100
    private static let longestName = 200

    /// A subsegment of Lambda's segment, with one of its own for each call to the outside. Neither ids of people nor
    /// queries nor bodies are in it: routes and calls have names without them.
    ///
    /// Source: "AWS X-Ray segment documents", AWS X-Ray Developer Guide.
    ///
    /// - Parameter epoch: the wall clock's microseconds at the other clock's beginning, by which invocations are measured.
    /// - Returns: nil when the trace has no segment to be under.
    func document(of invocation: Invocation, under parent: Trace, epoch: Int) -> [UInt8]? {
        guard let parentID = parent.spanID, let id = invocation.trace?.spanID else { return nil }
        let record = invocation.record.withLock { $0 }
        let start = epoch + invocation.started.nanoseconds / 1000
        let duration = record.conclusion?.microseconds ?? invocation.started.elapsedMicroseconds
        var annotations = [JSON.Member("requestId", .string(invocation.requestID))]
        if let route = record.route { annotations.append(JSON.Member("route", .string(route))) }
        var members = [
            JSON.Member("type", "subsegment"), JSON.Member("trace_id", .string(parent.xRayID)),
            JSON.Member("parent_id", .string(parentID)), JSON.Member("id", .string(id)),
            JSON.Member("name", Self.name(service)),
        ]
        members += Self.times(start, duration)
        // Without a conclusion there was no answer.
        members += Self.outcome(record.conclusion?.status, hasFailed: record.conclusion == nil)
        members.append(JSON.Member("annotations", .object(annotations)))
        let calls = record.calls.prefix(Self.mostCalls).compactMap { Self.subsegment(of: $0, epoch: epoch) }
        if !calls.isEmpty { members.append(JSON.Member("subsegments", .array(calls))) }
        return JSON.object(members).text
    }

    private static func subsegment(of call: Invocation.Call, epoch: Int) -> JSON? {
        guard let span = call.span else { return nil }
        let status = Int(call.outcome)
        var members = [JSON.Member("id", .string(span.id)), JSON.Member("name", name(call.name))]
        members += times(epoch + span.started.nanoseconds / 1000, call.microseconds)
        members.append(JSON.Member("namespace", "remote"))
        members += outcome(status, hasFailed: status == nil)
        if status == nil { members.append(JSON.Member("metadata", ["default": ["outcome": .string(call.outcome)]])) }
        return .object(members)
    }

    /// In seconds since 1970.
    private static func times(_ start: Int, _ microseconds: Int) -> [JSON.Member] {
        [
            JSON.Member("start_time", .decimal(start, places: 6)),
            JSON.Member("end_time", .decimal(start + microseconds, places: 6)),
        ]
    }

    private static func outcome(_ status: Int?, hasFailed: Bool) -> [JSON.Member] {
        guard let status else { return hasFailed ? [JSON.Member("fault", true)] : [] }
        var members = [JSON.Member("http", ["response": ["status": .integer(status)]])]
        if (400...499).contains(status) { members.append(JSON.Member("error", true)) }
        if status == 429 { members.append(JSON.Member("throttle", true)) }
        if status >= 500 { members.append(JSON.Member("fault", true)) }
        return members
    }

    /// Of letters, digits, spaces and a few signs; others become `_`.
    private static func name(_ text: String) -> JSON {
        let bytes = text.utf8.prefix(longestName).map { byte in
            byte.isASCIIAlphanumeric || " _.:/%&#=+\\-@".utf8.contains(byte) ? byte : UInt8(ascii: "_")
        }
        return .string(String(decoding: bytes, as: UTF8.self))
    }
}
