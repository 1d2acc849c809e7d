import PartnerCore

/// What a command's rows look like.
enum Layout: Sendable {
    /// One member a line: `linkedAt: 2026-04-25T10:15:30.000Z`.
    case details
    /// One JSON object a line, in a terminal too: for what others read.
    case lines
    /// One row a line, under its columns' names.
    case table([Column])

    struct Column: Sendable {
        /// Of the row's member.
        let name: String
        /// In characters.
        let width: Int
        let place: Place

        enum Place {
            /// A longer text goes beyond its width.
            case beside
            /// The last beside others: a longer text goes on in the next line.
            case wrapped
            /// Under the others, where there is anything, and as long as it is: a command can be taken from there.
            case below
        }

        init(_ name: String, _ width: Int, _ place: Place = .beside) {
            self.name = name
            self.width = width
            self.place = place
        }
    }
}

extension Layout {
    var isTable: Bool {
        if case .table = self { true } else { false }
    }

    /// As people read it in a terminal.
    func text(_ row: JSON, isFirst: Bool) -> String {
        switch self {
        case .lines: return String(decoding: row.text, as: UTF8.self) + "\n"
        case .details:
            let lines = (row.members ?? []).map { "\($0.name): \($0.value.shown)\n" }.joined()
            return isFirst ? lines : "\n" + lines
        case .table(let columns):
            let (beside, below) = (columns.filter { $0.place != .below }, columns.filter { $0.place == .below })
            let header = isFirst ? Self.line(beside.map { ($0.name, $0.width) }) : ""
            let notes = below.compactMap { row[$0.name]?.present?.shown }
            let indent = (beside.first?.width ?? 0) + 2
            return header + Self.lines(beside, row)
                + notes.map { String(repeating: " ", count: indent) + "-> \($0)\n" }.joined()
        }
    }

    private static func lines(_ columns: [Column], _ row: JSON) -> String {
        let cells = columns.map { (text: row[$0.name]?.shown ?? "-", width: $0.width) }
        guard let last = columns.last, last.place == .wrapped else { return line(cells) }
        let pieces = wrapped(cells[cells.count - 1].text, to: last.width)
        let empty = cells.dropLast().map { (text: "", width: $0.width) }
        return line(cells.dropLast() + [(pieces[0], last.width)])
            + pieces.dropFirst().map { line(empty + [($0, last.width)]) }.joined()
    }

    /// At spaces; a word that is longer than a line goes beyond it.
    private static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ").map({ String($0) }) {
            if let last = lines.last, last.unicodeScalars.count + 1 + word.unicodeScalars.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(word)
            }
        }
        return lines.isEmpty ? [text] : lines
    }

    private static func line(_ cells: [(text: String, width: Int)]) -> String {
        var line = cells.dropLast().map { padded($0.text, to: $0.width) }
        if let last = cells.last { line.append(last.text) }
        return line.joined(separator: "  ") + "\n"
    }

    /// A line of CSV, and before the first one the columns' names. Nil where there is no table.
    func csv(_ row: JSON, isFirst: Bool) -> String? {
        guard case .table(let columns) = self else { return nil }
        let header = isFirst ? columns.map { $0.name }.joined(separator: ",") + "\r\n" : ""
        return header + columns.map { quoted(row[$0.name]?.present?.plain ?? "") }.joined(separator: ",") + "\r\n"
    }

    /// RFC 4180 section 2.
    private func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { !"\",\r\n".utf8.contains($0) }
        guard !isPlain else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension JSON {
    /// A string's own text, of anything else the JSON.
    fileprivate var plain: String { string ?? String(decoding: text, as: UTF8.self) }

    /// Without what would move a terminal's cursor or colour it: names are others' text.
    fileprivate var shown: String {
        guard let present else { return "-" }
        var shown = String.UnicodeScalarView()
        for scalar in present.plain.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            shown.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(shown)
    }
}
