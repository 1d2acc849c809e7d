/// The schemas of one kind of records. Each record names its own in the attribute `schema`. One that does not is of the
/// first.
///
/// A build reads every schema up to its newest. It refuses what a newer build wrote. Otherwise it would write back the
/// half that it understood, and the rest would be gone. So whoever goes back to an older build is told, and loses
/// nothing.
struct RecordSchema: Sendable {
    static let attribute = "schema"

    /// `a reward's`
    let kind: String
    /// The one that this build writes.
    let newest: Int

    /// - Parameter newest: 1 for a kind whose shape has never changed; its records have no attribute.
    init(kind: String, newest: Int = 1) {
        self.kind = kind
        self.newest = newest
    }

    /// - Throws: when a newer build wrote it: what is understood halfway is not understood.
    func version(of record: Record) throws(StoreError) -> Int {
        guard let text = record.attributes[Self.attribute] else { return 1 }
        guard let version = Int(text), version > 0 else {
            throw .unreadable(reason: "\(kind) record has a schema that is no number")
        }
        guard version <= newest else { throw .unreadable(reason: "\(kind) record was written by a newer build") }
        return version
    }

    /// Before anything else of a record is read, where all versions are read alike.
    func check(_ record: Record) throws(StoreError) { _ = try version(of: record) }

    /// As the attribute of what is written now.
    var text: String { "\(newest)" }
}
