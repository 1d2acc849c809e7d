import PartnerCore

/// Where a command's rows go, as they come: none is kept, however many there are.
final class Output: Sendable {
    enum Format: Sendable { case text, json, csv }

    private let format: Format
    private let layout: Layout
    private let write: @Sendable (String) -> Bool
    private let isFirst = Lock(true)

    /// - Parameter write: false when nobody takes it any more.
    init(_ format: Format, _ layout: Layout, write: @escaping @Sendable (String) -> Bool) {
        self.format = format
        self.layout = layout
        self.write = write
    }

    /// - Parameter row: a JSON object.
    func row(_ row: JSON) throws(AdminError) {
        let isFirst = isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
        let text =
            switch format {
            case .text: layout.text(row, isFirst: isFirst)
            case .json: line(row)
            case .csv: layout.csv(row, isFirst: isFirst) ?? line(row)
            }
        guard write(text) else { throw .outputClosed }
    }

    /// What it all came to, after the rows. CSV has no place for it.
    func summary(_ summary: JSON) throws(AdminError) {
        let wasEmpty = isFirst.withLock { $0 }
        let text =
            switch format {
            case .text: Layout.details.text(summary, isFirst: wasEmpty)
            case .json: line(["summary": summary])
            case .csv: ""
            }
        guard text.isEmpty || write(text) else { throw .outputClosed }
    }

    /// A part of a document that is too large to be held. It ends with a line break.
    func piece(_ text: String) throws(AdminError) {
        guard write(text) else { throw .outputClosed }
    }

    private func line(_ row: JSON) -> String { String(decoding: row.text, as: UTF8.self) + "\n" }
}
