/// By which schemas the records of a kind are written. Each record says by which one it is, in the attribute `schema`; one
/// that does not is of the first.
struct RecordSchema: Sendable {
    static let attribute = "schema"

    /// `a reward's`
    let kind: String
    /// The one that this build writes.
    let newest: Int

    /// - Throws: when a newer build wrote it: what is understood halfway is not understood.
    func version(of record: Record) throws(StoreError) -> Int {
        guard let text = record.attributes[Self.attribute] else { return 1 }
        guard let version = Int(text), version > 0 else {
            throw .unavailable(reason: "\(kind) record has a schema that is no number")
        }
        guard version <= newest else { throw .unavailable(reason: "\(kind) record was written by a newer build") }
        return version
    }

    /// As the attribute of what is written now.
    var text: String { "\(newest)" }
}
