/// A row of a list. What is in it is somebody's data.
struct ListRow: Sendable {
    let row: ReconciledRow
    /// When it was last changed; or made, where it says no more. Nil where it does not say.
    let changed: Timestamp?

    /// As events name what it is about.
    var entity: String { row.event.entity }

    /// Nil for a row without an id, which nobody could be told of.
    init?(_ json: JSON, in list: ReconciledList, of account: Int) {
        guard let row = ReconciledRow(json, type: list.entityType, account: account) else { return nil }
        self.row = row
        let created = json["created_utc"]?.string.flatMap { SortableTime($0) }
        changed = (row.event.changedAt ?? created)?.time
    }
}
