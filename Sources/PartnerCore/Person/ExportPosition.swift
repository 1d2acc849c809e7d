/// Where a page of an export begins: in the rewards of one of the person's users at Ownli, or in the events.
public enum ExportPosition: Sendable, Equatable {
    /// - Parameter after: the last one's place; nil: at their beginning.
    case rewards(ownliUserID: String, after: String?)
    case events(EventListing.Position)
}

extension ExportPosition {
    var json: JSON {
        switch self {
        case .rewards(let ownliUserID, let after):
            return ["rewards": .string(ownliUserID), "after": after.map { .string($0) } ?? .null]
        case .events(let position): return ["events": position.json]
        }
    }

    /// Nil for what is none.
    init?(_ json: JSON) {
        if let position = json["events"] {
            guard let position = EventListing.Position(position) else { return nil }
            self = .events(position)
        } else {
            guard let ownliUserID = json["rewards"]?.string else { return nil }
            self = .rewards(ownliUserID: ownliUserID, after: json["after"]?.string)
        }
    }
}
