/// Log lines: one JSON object, or one line of text, written at once, so that lines of several threads never mix. (Lambda's
/// contract; stdio would buffer what a freeze then holds back.)
public struct Log: Sendable {
    public enum Level: Int, Sendable, CaseIterable {
        case trace, debug, info, warn, error, fatal

        var name: String {
            switch self {
            case .trace: "TRACE"
            case .debug: "DEBUG"
            case .info: "INFO"
            case .warn: "WARN"
            case .error: "ERROR"
            case .fatal: "FATAL"
            }
        }

        /// As Cloud Logging has it (LogSeverity).
        var severity: String {
            switch self {
            case .trace, .debug: "DEBUG"
            case .info: "INFO"
            case .warn: "WARNING"
            case .error: "ERROR"
            case .fatal: "CRITICAL"
            }
        }

        /// From a setting's value, in any case.
        init?(named name: String) {
            guard let level = Self.allCases.first(where: { equalIgnoringASCIICase($0.name, name) }) else { return nil }
            self = level
        }
    }

    public enum Format: Sendable {
        case json, text
        /// JSON with Cloud Logging's keys.
        ///
        /// - Parameter project: the Google Cloud project's id; nil when it is not known, and traces cannot be named.
        case cloudLogging(project: String?)
    }

    let level: Level
    let format: Format
    let output: LogOutput
    /// What the lines belong to.
    private(set) var trace: Trace?

    public init(level: Level = .info, format: Format = .json, descriptor: Int32) {
        self.init(level: level, format: format, output: LogOutput(descriptor))
    }

    init(level: Level, format: Format, output: LogOutput) {
        self.level = level
        self.format = format
        self.output = output
    }

    /// The same log, for lines that belong to a trace.
    func tracing(_ trace: Trace?) -> Log {
        var log = self
        log.trace = trace
        return log
    }

    /// Never hand it secrets, tokens, codes, cookies, bodies or personal data: nothing is taken out here.
    public func write(
        _ level: Level, _ message: String, requestID: String? = nil, _ fields: [JSON.Member] = []
    ) {
        guard level.rawValue >= self.level.rawValue else { return }
        write(lines: line(level, message, requestID: requestID, fields))
    }

    /// - Parameter lines: each with its line break.
    func write(lines: [UInt8]) {
        if !lines.isEmpty { output.write(lines, notice: droppedLine) }
    }

    /// Says what could not be written and has not been told yet. For the process's end.
    func finish() { output.finish(notice: droppedLine) }

    func droppedLine(_ count: Int) -> [UInt8] {
        line(.warn, "log lines were dropped, since nobody took them", [JSON.Member("dropped", .integer(count))])
    }

    private func line(
        _ level: Level, _ message: String, requestID: String? = nil, _ fields: [JSON.Member]
    ) -> [UInt8] {
        var text = TextBuffer()
        write(level, message, requestID: requestID, to: &text) { text in for field in fields { text.member(field) } }
        return text.bytes
    }

    /// Writes a line, whatever its level, to what is going to be written at once.
    ///
    /// - Parameter members: writes what else is to be said.
    func write(
        _ level: Level, _ message: String, requestID: String?, to text: inout TextBuffer,
        members: (inout TextBuffer) -> Void
    ) {
        let time = Timestamp.now().rfc3339
        switch format {
        case .json:
            text.append(UInt8(ascii: "{"))
            text.member("timestamp", time)
            text.member("level", level.name)
            if let requestID { text.member("requestId", requestID) }
            text.member("message", message)
            members(&text)
            text.append("}\n")
        case .cloudLogging(let project):
            text.append(UInt8(ascii: "{"))
            text.member("severity", level.severity)
            text.member("time", time)
            if let requestID { text.member("requestId", requestID) }
            text.member("message", message)
            if let project, let trace {
                text.member("logging.googleapis.com/trace", "projects/\(project)/traces/\(trace.id)")
                if let spanID = trace.spanID { text.member("logging.googleapis.com/spanId", spanID) }
            }
            members(&text)
            text.append("}\n")
        case .text:
            text.append("\(time) \(level.name) ")
            if let requestID { text.append("\(requestID) ") }
            text.append(message)
            text.append(" {")
            members(&text)
            if text.last == UInt8(ascii: "{") { text.removeLast(2) } else { text.append(UInt8(ascii: "}")) }
            text.append(UInt8(ascii: "\n"))
        }
    }
}
