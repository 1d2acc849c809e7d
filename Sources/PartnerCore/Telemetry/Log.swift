/// Log lines: one JSON object, or one line of text, through one `write(2)` each, so that lines of several threads never
/// mix. (Lambda's contract; stdio would buffer what a freeze then holds back.)
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

        /// From a setting's value, in any case.
        init?(named name: String) {
            guard let level = Self.allCases.first(where: { equalIgnoringASCIICase($0.name, name) }) else { return nil }
            self = level
        }
    }

    public enum Format: Sendable { case json, text }

    let level: Level
    let format: Format
    let descriptor: Int32

    public init(level: Level = .info, format: Format = .json, descriptor: Int32) {
        self.level = level
        self.format = format
        self.descriptor = descriptor
    }

    /// Never hand it secrets, tokens, codes, cookies, bodies or personal data: nothing is taken out here.
    public func write(
        _ level: Level, _ message: String, requestID: String? = nil, _ fields: [JSON.Member] = []
    ) {
        guard level.rawValue >= self.level.rawValue else { return }
        var line: [UInt8]
        switch format {
        case .json:
            var members = [
                JSON.Member("timestamp", .string(Timestamp.now().rfc3339)), JSON.Member("level", .string(level.name)),
            ]
            if let requestID { members.append(JSON.Member("requestId", .string(requestID))) }
            members.append(JSON.Member("message", .string(message)))
            line = JSON.object(members + fields).text
        case .text:
            var text = "\(Timestamp.now().rfc3339) \(level.name) "
            if let requestID { text += "\(requestID) " }
            line = Array((text + message).utf8)
            if !fields.isEmpty {
                line.append(UInt8(ascii: " "))
                line += JSON.object(fields).text
            }
        }
        line.append(UInt8(ascii: "\n"))
        // A log that cannot be written is no reason to fail what is being logged.
        try? writeAll(line, to: descriptor)
    }
}
