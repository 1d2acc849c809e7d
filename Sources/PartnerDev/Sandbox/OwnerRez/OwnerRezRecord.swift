import Foundation
import PartnerCore

/// A record of an account's. Its times are in ticks of 100 ns since 1970, as fine as OwnerRez writes them.
struct OwnerRezRecord: Sendable {
    let kind: OwnerRezKind
    let id: Int
    let created: Int
    var updated: Int
    /// An object, without what is said above.
    var fields: JSON

    static let ticksPerMillisecond = 10_000

    /// As a list shows it, and a webhook.
    func row(_ form: TimeForm) -> JSON {
        var row: JSON = ["id": .integer(id)]
        for member in fields.members ?? [] { row.add(member.name, member.value) }
        if kind.showsUpdated { row.add("updated_utc", .string(form.text(updated))) }
        return row
    }

    /// The members of an object take the place of those of the same name.
    mutating func merge(_ changed: JSON) {
        let changed = changed.members ?? []
        let kept = (fields.members ?? []).filter { old in !changed.contains { $0.name == old.name } }
        fields = .object(kept + changed)
    }

    /// How OwnerRez writes times: documents differ.
    enum TimeForm: String, Sendable, CaseIterable {
        /// `2026-08-30T12:00:00.1234567Z`
        case ticks
        /// `2026-08-30T12:00:00Z`
        case seconds
        /// `2026-08-30T12:00:00.1234567`
        case zoneless

        func text(_ ticks: Int) -> String {
            let time = Timestamp(epochMilliseconds: ticks / ticksPerMillisecond).rfc3339
            let fraction = "\(10_000_000 + ticks % 10_000_000)".dropFirst()
            return switch self {
            case .ticks: time.prefix(19) + "." + fraction + "Z"
            case .seconds: time.prefix(19) + "Z"
            case .zoneless: time.prefix(19) + "." + fraction
            }
        }
    }

    /// Ticks of `2026-08-30`, or of `2026-08-30T12:00:00`, a fraction of up to seven digits and a zone; UTC when it has
    /// none. Nil for anything else.
    static func ticks(_ text: String) -> Int? {
        guard
            let match = text.wholeMatch(of: /(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?)?/)
        else { return nil }
        let whole = "\(match.1)T\(match.2 ?? "00:00:00")\((match.4 ?? nil) ?? "Z")"
        guard let seconds = Timestamp(rfc3339: whole)?.epochSeconds else { return nil }
        let fraction = String((match.3 ?? nil) ?? "").padding(toLength: 7, withPad: "0", startingAt: 0)
        return seconds * 10_000_000 + (Int(fraction) ?? 0)
    }
}
