// Positions as JSON, for those who go on with a look later: `[untouched, part..]`.

extension EventListing.Position {
    var json: JSON { .array([.integer(untouched)] + begun.map { $0.json }) }

    /// Nil for what is none.
    init?(_ json: JSON) {
        guard let parts = json.array, let untouched = parts.first?.integer else { return nil }
        begun = parts.dropFirst().compactMap { EventListing.Part($0) }
        guard begun.count == parts.count - 1 else { return nil }
        self.untouched = untouched
    }
}

extension EventListing.Part {
    /// `["waiting","ownerrez-inbox#0",null,null]`, or `[3,null]` of a shard's pauses.
    fileprivate var json: JSON {
        switch self {
        case .records(let state, let partition, let pausedUntil, let start):
            return [
                .string(state.rawValue), .string(partition),
                pausedUntil.map { .integer($0.epochMilliseconds) } ?? .null, start.map { .string($0) } ?? .null,
            ]
        case .pauses(let shard, let start):
            return [
                .integer(InboxShard.all.firstIndex(of: shard) ?? 0), start.map { .string($0) } ?? .null,
            ]
        }
    }

    fileprivate init?(_ json: JSON) {
        guard let parts = json.array, let start = parts.last else { return nil }
        if parts.count == 4, let state = parts[0].string.flatMap({ FoundEvent.State(exactly: $0) }),
            let partition = parts[1].string
        {
            self = .records(
                state, partition: partition, pausedUntil: parts[2].integer.map { Timestamp(epochMilliseconds: $0) },
                after: start.string)
        } else if parts.count == 2, let number = parts[0].integer, InboxShard.all.indices.contains(number) {
            self = .pauses(InboxShard.all[number], after: start.string)
        } else {
            return nil
        }
    }
}
