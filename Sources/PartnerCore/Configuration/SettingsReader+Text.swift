extension SettingsReader {
    /// Every problem on a line of its own.
    public var problemList: String { problems.map { "  \($0.description)\n" }.joined() }

    /// What there is to set, for `--help`.
    public var help: String {
        let width = nameWidth
        return entries.map { entry in
            let fallback =
                if entry.isRequired { "required" } else { entry.defaultValue.map { "default: \($0)" } ?? "optional" }
            let others = entry.isSecret ? "; or \(entry.name)_FILE or \(entry.name)_SECRET" : ""
            return "  \(padded(entry.name, to: width))  \(entry.purpose) (\(fallback)\(others))\n"
        }.joined()
    }

    /// What is in force, secrets masked, for `--check`.
    var table: String {
        let width = nameWidth
        return entries.map { "\(padded($0.name, to: width))  \($0.shown ?? "-")\n" }.joined() + "\n"
    }

    private var nameWidth: Int { entries.map { $0.name.utf8.count }.max() ?? 0 }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
}
