/// Which events somebody looks for.
public struct EventFilter: Sendable {
    public var states = FoundEvent.State.allCases
    /// Of OwnerRez's.
    public var account: Int?
    /// `booking/16879744`
    public var entity: String?
    /// The earliest time at which it was received.
    public var from: Timestamp?
    /// The time before which it was received.
    public var before: Timestamp?
    /// The one with this arrival.
    public var arrival: String?

    public init() {}

    func holds(_ found: FoundEvent) -> Bool {
        if let account, found.account != account { return false }
        if let entity, found.entity?.utf8.elementsEqual(entity.utf8) != true { return false }
        if from != nil || before != nil {
            guard let receivedAt = found.receivedAt else { return false }
            if let from, receivedAt < from { return false }
            if let before, receivedAt >= before { return false }
        }
        return true
    }

    var shards: [InboxShard] { account.map { [InboxShard(ofAccount: $0)] } ?? InboxShard.all }

    /// The arrival after which a list begins; nil: at its beginning. All of ours have thirteen digits before the dash.
    var start: String? {
        guard let from, from.epochMilliseconds >= 1_000_000_000_000 else { return nil }
        return "\(from.epochMilliseconds)"
    }
}
