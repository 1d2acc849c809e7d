/// An entity as one of OwnerRez's lists has it, as an event for whoever was not told of it:
///
///     {"id":"reconcile/booking/7/2026-08-30T12:00:00.000000000Z","user_id":123456,"action":"entity_update",
///      "entity_type":"booking","entity_id":7,"source":"reconcile","entity":{..}}
///
/// The same state has the same id whenever it is listed: its time, or a digest of it where it has none.
public struct ReconciledRow: Sendable {
    let event: OwnerRezEvent
    let entity: ToldEntity

    /// - Parameter type: the entity's, as webhooks have it: `booking`.
    /// - Returns: nil when the row has no id, or when there is no such account.
    public init?(_ row: JSON, type: String, account: Int) {
        guard let id = row["id"], let identifier = OwnerRezEvent.identifier(id) else { return nil }
        let changedAt = row["updated_utc"]?.string.flatMap { SortableTime($0) }
        let state = changedAt?.text ?? OwnerRezEvent.digest(row.text)
        let json: JSON = [
            "id": .string("reconcile/\(type)/\(identifier)/\(state)"), "user_id": .integer(account),
            "action": "entity_update", "entity_type": .string(type), "entity_id": id, "source": "reconcile",
            "entity": row,
        ]
        event = OwnerRezEvent(text: String(decoding: json.text, as: UTF8.self), json)
        guard let entity = ToldEntity(event) else { return nil }
        self.entity = entity
    }
}
