import CSystem
import Foundation
import PartnerCore

/// What the developer reads: one line for each thing that happened, with who says it. In colours on a terminal that
/// wants them (https://no-color.org).
struct Console: Sendable {
    enum Tone: Sendable { case plain, notice, problem }

    private let descriptor: Int32
    private let isColoured: Bool
    /// The longest name, so that what they say stands below one another.
    private let width: Int

    init(descriptor: Int32 = STDOUT_FILENO, names: [String], environment: Environment = .process) {
        self.descriptor = descriptor
        isColoured =
            isatty(descriptor) == 1 && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
        width = names.map { $0.count }.max() ?? 0
    }

    func line(_ name: String, _ text: String, _ tone: Tone = .plain) {
        let time = String(Timestamp.now().rfc3339.dropFirst(11).prefix(12))
        let padded = name + String(repeating: " ", count: max(0, width - name.count))
        let said =
            switch tone {
            case .plain: text
            case .notice: painted(text, "2")
            case .problem: painted(text, "31")
            }
        PartnerDev.write("\(painted(time, "2")) \(painted(padded, colour(of: name)))  \(said)\n", to: descriptor)
    }

    /// A function's own line: its log's JSON as text, anything else as it is.
    func logLine(_ name: String, _ line: String) {
        guard let entry = try? JSON.parse(Array(line.utf8)), let message = entry["message"]?.string else {
            return self.line(name, Self.harmless(line))
        }
        let level = entry["level"]?.string ?? "INFO"
        let left: Set<String> = ["timestamp", "level", "message", "requestId"]
        let fields = (entry.members ?? []).filter { !left.contains($0.name) }.map { member in
            let value = member.value.string ?? String(decoding: member.value.text, as: UTF8.self)
            return painted(Self.harmless(member.name) + "=", "2", until: "22") + Self.harmless(value)
        }
        let said = Self.harmless(level == "INFO" ? message : "\(level) \(message)")
        let tone: Tone = ["WARN", "ERROR", "FATAL"].contains(level) ? .problem : .plain
        self.line(name, ([said] + fields).joined(separator: " "), tone)
    }

    /// Control characters of what others print do not reach the terminal.
    private static func harmless(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.properties.generalCategory != .control }))
    }

    private func painted(_ text: String, _ code: String, until end: String = "0") -> String {
        isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[\(end)m" : text
    }

    /// The same for a name each time.
    private func colour(of name: String) -> String {
        let colours = ["36", "35", "32", "33", "34", "96", "95", "92"]
        return colours[name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % colours.count]
    }
}
