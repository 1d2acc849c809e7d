import PartnerCore

/// One thing that the tool does: `users show SUBJECT`.
struct Command: Sendable {
    typealias Work = @Sendable (Arguments, Session) throws(AdminError) -> Void

    /// `["users", "show"]`
    let name: [String]
    let summary: String
    /// What has to be given, in this order: `SUBJECT`.
    var parameters: [Parameter] = []
    var options: [Option] = []
    /// What the rows look like in a terminal, and as CSV.
    var layout: Layout = .details
    /// Whether it changes what is kept: then it knows `--dry-run`, and is told who runs it.
    var changesData = false
    /// Whose settings it cannot do without; nil: it works whoever the partners are.
    var partner: Partner?
    /// Reads the settings that it needs. What it returns runs only if all of them are right.
    let prepare: @Sendable (inout SettingsReader) -> Work

    struct Parameter: Sendable {
        let name: String
        let purpose: String
        /// Only what comes last may be left out.
        let isOptional: Bool

        init(_ name: String, _ purpose: String, isOptional: Bool = false) {
            self.name = name
            self.purpose = purpose
            self.isOptional = isOptional
        }

        var shown: String { isOptional ? "[\(name)]" : name }
    }

    struct Option: Sendable {
        /// With its dashes: `--account`.
        let name: String
        /// What its value is called; nil when it has none.
        let value: String?
        let purpose: String

        init(_ name: String, _ value: String, _ purpose: String) {
            self.name = name
            self.value = value
            self.purpose = purpose
        }

        init(_ name: String, _ purpose: String) {
            self.name = name
            value = nil
            self.purpose = purpose
        }
    }
}

extension Command {
    static let common = [
        Option("--json", "one JSON object a line"),
        Option("--csv", "comma-separated values (RFC 4180), where there is a table"),
        Option("--help", "this text"),
    ]

    private static let ofThoseThatChange = [
        Option("--dry-run", "says what would be done, and does nothing"),
        Option("--by", "NAME", "who runs it, for the audit trail; else LOGNAME or USER of the environment"),
    ]

    var allOptions: [Option] { options + (changesData ? Self.ofThoseThatChange : []) + Self.common }

    /// `users show SUBJECT`
    var usage: String { (name + parameters.map { $0.shown }).joined(separator: " ") }

    var help: String {
        var settings = SettingsReader.describing
        settings.storeHasToExist = true
        _ = prepare(&settings)
        let entries =
            parameters.map { ($0.name, $0.purpose) }
            + allOptions.map { option in
                (option.name + (option.value.map { " " + $0 } ?? ""), option.purpose)
            }
        let width = entries.map { $0.0.utf8.count }.max() ?? 0
        let lines = entries.map { "  \(padded($0.0, to: width))  \($0.1)\n" }.joined()
        return "\(usage): \(summary)\n\n\(lines)\nsettings:\n\(settings.help)"
    }
}

func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
}
