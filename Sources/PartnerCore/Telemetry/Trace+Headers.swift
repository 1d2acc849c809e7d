extension Trace {
    /// From `traceparent` (W3C Trace Context section 3.2), else from `X-Cloud-Trace-Context`, which Google's load
    /// balancers add. What is malformed or given twice is as good as absent.
    init?(_ headers: Headers) {
        let parents = headers.all("traceparent")
        let contexts = headers.all("X-Cloud-Trace-Context")
        if parents.count == 1, let trace = Trace(traceparent: parents[0]) {
            self = trace
        } else if contexts.count == 1, let trace = Trace(cloudTraceContext: contexts[0]) {
            self = trace
        } else {
            return nil
        }
    }

    /// `version-traceid-parentid-flags`. Later versions may add further parts.
    init?(traceparent text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHexadecimal(parts[0], 2), Self.isHexadecimal(parts[1], 32),
            Self.isHexadecimal(parts[2], 16), Self.isHexadecimal(parts[3], 2), Self.isNotZero(parts[1]),
            Self.isNotZero(parts[2]), !parts[0].elementsEqual("ff".utf8),
            parts.count == 4 || !parts[0].elementsEqual("00".utf8)
        else { return nil }
        self.init(
            id: String(decoding: parts[1], as: UTF8.self), spanID: String(decoding: parts[2], as: UTF8.self),
            // The lowest bit of the flags.
            isSampled: parts[3].last.map { "13579bdf".utf8.contains($0) } ?? false)
    }

    /// `traceid/spanid;o=1`, the span's id in decimal; all but the trace's id may be missing.
    init?(cloudTraceContext text: String) {
        let fields = text.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        let parts = fields[0].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, Self.isHexadecimal(parts[0], 32), Self.isNotZero(parts[0]) else { return nil }
        var spanID: String?
        if parts.count == 2 {
            guard parts[1].allSatisfy({ $0.isASCIIDigit }),
                let span = UInt64(String(decoding: parts[1], as: UTF8.self))
            else { return nil }
            let digits = String(span, radix: 16)
            spanID = span == 0 ? nil : String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        self.init(
            id: String(decoding: parts[0], as: UTF8.self), spanID: spanID,
            isSampled: fields.dropFirst().contains { $0.elementsEqual("o=1".utf8) })
    }

    static func isHexadecimal(_ bytes: some Collection<UInt8>, _ count: Int) -> Bool {
        bytes.count == count
            && bytes.allSatisfy { $0.isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }

    static func isNotZero(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.contains { $0 != UInt8(ascii: "0") }
    }
}
