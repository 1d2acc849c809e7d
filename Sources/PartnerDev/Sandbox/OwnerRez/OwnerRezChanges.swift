import Foundation
import PartnerCore

/// What happens in an account, and is told by webhooks.
struct OwnerRezChange: Sendable {
    enum Action: String, Sendable, CaseIterable {
        case create = "entity_create"
        case update = "entity_update"
        case delete = "entity_delete"
    }

    let account: Int
    let action: Action
    let record: OwnerRezRecord
    /// By the changed account's clock.
    let ticks: Int
    /// The change as a webhook would tell of it, sent or not; nil where webhooks tell of nothing.
    let event: JSON?
}

extension OwnerRezDouble {
    struct RecordsKey: Hashable, Sendable {
        let account: Int
        let kind: OwnerRezKind
    }

    /// Ticks of now, by OwnerRez's clock.
    private var ticks: Int { now.epochMilliseconds * OwnerRezRecord.ticksPerMillisecond }

    func records(_ account: Int, _ kind: OwnerRezKind) -> [OwnerRezRecord] {
        records[RecordsKey(account: account, kind: kind)] ?? []
    }

    func record(_ account: Int, _ kind: OwnerRezKind, _ id: Int) -> OwnerRezRecord? {
        records(account, kind).first { $0.id == id }
    }

    /// - Parameter updated: in ticks, where it is not now.
    mutating func create(
        _ account: Int, _ kind: OwnerRezKind, _ fields: JSON, at updated: Int? = nil
    ) -> OwnerRezChange {
        recordsSoFar += 1
        let ticks = updated ?? ticks
        let record = OwnerRezRecord(
            kind: kind, id: 16_900_000 + recordsSoFar, created: ticks, updated: ticks, fields: fields)
        records[RecordsKey(account: account, kind: kind), default: []].append(record)
        return note(account, .create, record, ticks)
    }

    /// Nil when there is no such record.
    mutating func update(
        _ account: Int, _ kind: OwnerRezKind, _ id: Int, _ fields: JSON, at updated: Int? = nil
    ) -> OwnerRezChange? {
        let key = RecordsKey(account: account, kind: kind)
        guard let index = records[key]?.firstIndex(where: { $0.id == id }), var record = records[key]?[index] else {
            return nil
        }
        record.merge(fields)
        // Two changes of one record have two times, however close they are.
        record.updated = updated ?? max(ticks, record.updated + 1)
        records[key]?[index] = record
        return note(account, .update, record, record.updated)
    }

    /// Nil when there is no such record.
    mutating func delete(_ account: Int, _ kind: OwnerRezKind, _ id: Int) -> OwnerRezChange? {
        let key = RecordsKey(account: account, kind: kind)
        guard let index = records[key]?.firstIndex(where: { $0.id == id }),
            let record = records[key]?.remove(at: index)
        else { return nil }
        return note(account, .delete, record, max(ticks, record.updated + 1))
    }

    private mutating func note(
        _ account: Int, _ action: OwnerRezChange.Action, _ record: OwnerRezRecord, _ ticks: Int
    ) -> OwnerRezChange {
        let event = record.kind.isToldByWebhook ? event(account, action, record) : nil
        let change = OwnerRezChange(account: account, action: action, record: record, ticks: ticks, event: event)
        changes.append(change)
        return change
    }

    private func event(_ account: Int, _ action: OwnerRezChange.Action, _ record: OwnerRezRecord) -> JSON {
        var event: JSON = [
            "id": .string(UUID().uuidString.lowercased()), "user_id": .integer(account),
            "action": .string(action.rawValue), "entity_type": .string(record.kind.rawValue),
            "entity_id": .integer(record.id),
        ]
        // A record that is gone has nothing more to say.
        if action != .delete {
            event.add("categories", ["general"])
            event.add("entity", record.row(timeForm))
        }
        return event
    }
}
