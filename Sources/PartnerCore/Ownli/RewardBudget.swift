/// What of one day's budget is spent: a record that every reward of the day writes, bound to what it read.
struct RewardBudget {
    enum Kind: String, CaseIterable {
        /// Everybody's.
        case all = "countedForAll"
        /// One user's.
        case user = "countedForUser"
    }

    let kind: Kind
    /// Nil: it only keeps count.
    private let limit: Cents?
    private let key: RecordKey
    private let expires: Timestamp
    /// As it was read; nil when nothing is spent yet.
    private let record: Record?
    private let spent: Int

    private static let schema = RecordSchema(kind: "a budget's")
    private static let partition = "reward-budget#"
    private static let user = "user/"

    /// Of which day and of which user of Ownli's a record is the budget; nil for any other.
    static func dayAndUser(_ key: RecordKey) -> (day: String, userID: String)? {
        guard let day = key.partition.rest(after: partition), let userID = key.sort.rest(after: user) else {
            return nil
        }
        return (day, userID)
    }

    /// Longer than a message waits in any queue.
    private static let keptMilliseconds = 35 * 86_400_000

    /// Reads the budget of the day on which a reward was asked for.
    init(
        _ kind: Kind, _ entry: RewardEntry, limit: Cents?, in store: RecordStore, _ invocation: Invocation
    ) throws(StoreError) {
        self.kind = kind
        self.limit = limit
        let sort =
            switch kind {
            case .all: "all"
            case .user: Self.user + entry.request.userID
            }
        key = RecordKey(partition: Self.partition + entry.askedAt.day, sort: sort)
        expires = Timestamp(epochMilliseconds: entry.askedAt.epochMilliseconds + Self.keptMilliseconds)
        record = try store.get(key, in: invocation)
        guard let record else {
            spent = 0
            return
        }
        try Self.schema.check(record)
        guard let cents = Int(try record.text("cents")), (0...Self.largest).contains(cents) else {
            throw .unreadable(reason: "a budget's record is no amount")
        }
        spent = cents
    }

    /// Beyond it nothing that is kept here was written by us; sums below it cannot overflow.
    private static let largest = 1_000_000_000_000_000

    func hasRoom(for amount: Cents) -> Bool { limit.map { spent <= $0.count - amount.count } ?? true }

    func adding(_ amount: Cents) -> Write { put(spent + amount.count) }

    /// Nil when the day is forgotten already.
    func subtracting(_ amount: Cents) -> Write? { record == nil ? nil : put(max(0, spent - amount.count)) }

    private func put(_ cents: Int) -> Write {
        .put(
            key, ["cents": "\(cents)"], expires: expires,
            if: record.map { .ifRevision($0.revision) } ?? .ifAbsent)
    }
}
