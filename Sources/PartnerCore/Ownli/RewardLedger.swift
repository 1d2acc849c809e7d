/// Every reward that is asked for, kept before Ownli is called, and how much of each day's budget is spent.
///
/// A reward's reservation and what it takes from the budgets are one transaction. Where the answer never came, by a
/// time-out or a kill, the reservation stays until the same reward is asked for again: the repeat finds it, and is not
/// counted a second time. Only what Ownli has refused is given back.
///
/// A reservation belongs to whoever took it up last. So two that ask for one reward at once cannot undo each other: the
/// refusal of the earlier one gives nothing back that the later one counts on.
public struct RewardLedger: Sendable {
    private let store: RecordStore
    private let limits: RewardLimits
    private let retention: Retention
    private let clock: @Sendable () -> Timestamp
    /// Whether nobody in this process changes a budget. One at a time: threads of a batch would only be in each other's
    /// way, and each would have to read again.
    private let isFree = Lock(true)

    /// - Parameter retention: of the entries, from when they were asked for.
    public init(
        _ store: RecordStore, limits: RewardLimits, keptFor retention: Retention,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.store = store
        self.limits = limits
        self.retention = retention
        self.clock = clock
    }

    public enum Outcome: Sendable, Equatable {
        /// Ownli may be called.
        case reserved(Reservation)
        /// This reference stands for another user or amount.
        case conflict
        /// The budget of the day does not hold this reward any more. The next day begins in as many seconds.
        case exhausted(secondsUntilMidnight: Int)
    }

    public struct Reservation: Sendable, Equatable {
        public let entry: RewardEntry
        /// Whether nothing was known of this reward before.
        public let isNew: Bool
        let holder: String

        /// Whether the reward is known to be granted, and this is a repeat only.
        public var isGranted: Bool { entry.state == .granted }
    }

    public func reserve(
        _ request: RewardRequest, from origin: Origin, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        let holder = randomID()
        func reserve() throws(StoreError) -> Outcome {
            try tryAgain(in: invocation) { () throws(StoreError) in
                try reserveOnce(request, origin, holder: holder, in: invocation)
            }
        }
        return limits.largest == nil ? try reserve() : try alone(in: invocation, reserve)
    }

    /// Keeps Ownli's answer. It may be done after our own: until then the entry says that the reward was asked for.
    public func settle(
        _ reservation: Reservation, as rewardID: String, in invocation: Invocation
    ) throws(StoreError) {
        guard !reservation.isGranted else { return }
        try tryAgain(in: invocation) { () throws(StoreError) in
            guard let record = try store.get(reservation.entry.key, in: invocation) else {
                // Somebody else was refused and has given it back, and yet it is granted: it counts, whatever the limit.
                let entry = reservation.entry.granted(as: rewardID)
                let budgets = try self.budgets(entry, in: invocation)
                return try store.transact(added(entry, holder: reservation.holder, budgets), in: invocation)
            }
            let standing = try RewardEntry(record)
            guard standing.state == .asked else { return }
            let entry = standing.granted(as: rewardID)
            try store.transact(entry.writes(over: record, keptFor: retention), in: invocation)
        }
    }

    /// Gives back what was reserved for a reward that is certainly not granted by it.
    public func release(_ reservation: Reservation, in invocation: Invocation) throws(StoreError) {
        guard !reservation.isGranted else { return }
        try alone(in: invocation) { () throws(StoreError) in
            try tryAgain(in: invocation) { () throws(StoreError) in
                guard let record = try store.get(reservation.entry.key, in: invocation),
                    record.attributes["holder"] == reservation.holder
                else { return }
                let entry = try RewardEntry(record)
                guard entry.state == .asked else { return }
                var writes = entry.deletions(if: .ifRevision(record.revision))
                for kind in RewardBudget.Kind.allCases where record.attributes[kind.rawValue] != nil {
                    let budget = try RewardBudget(kind, entry, limit: nil, in: store, invocation)
                    if let write = budget.subtracting(entry.request.amount) { writes.append(write) }
                }
                try store.transact(writes, in: invocation)
            }
        }
    }
}

extension RewardLedger {
    private func reserveOnce(
        _ request: RewardRequest, _ origin: Origin, holder: String, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        let now = clock()
        let entry = RewardEntry(request, from: origin, askedAt: now)
        let budgets = try self.budgets(entry, in: invocation)
        let hasRoom = budgets.allSatisfy { $0.hasRoom(for: request.amount) }
        if hasRoom {
            do throws(StoreError) {
                try store.transact(added(entry, holder: holder, budgets), in: invocation)
                return .reserved(Reservation(entry: entry, isNew: true, holder: holder))
            } catch { guard error == .conditionFailed else { throw error } }
        }
        // A repeat has its place already, however little is left.
        if let record = try store.get(entry.key, in: invocation) {
            return try takeUp(record, request, holder: holder, in: invocation)
        }
        guard hasRoom else { return .exhausted(secondsUntilMidnight: now.secondsUntilMidnight) }
        throw .conditionFailed
    }

    private func takeUp(
        _ record: Record, _ request: RewardRequest, holder: String, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        let entry = try RewardEntry(record)
        guard entry.request.isSame(as: request) else { return .conflict }
        if entry.state == .asked {
            let writes = entry.writes(over: record, holder: holder, keptFor: retention)
            try store.transact(writes, in: invocation)
        }
        return .reserved(Reservation(entry: entry, isNew: false, holder: holder))
    }

    /// The entry's records, and what it takes from the budgets. The one by reference knows besides who holds it, and
    /// which budgets it counts against.
    private func added(_ entry: RewardEntry, holder: String, _ budgets: [RewardBudget]) -> [Write] {
        var besides = ["holder": holder]
        for budget in budgets { besides[budget.kind.rawValue] = "counted" }
        return entry.writes(besides: besides, if: .ifAbsent, keptFor: retention)
            + budgets.map { $0.adding(entry.request.amount) }
    }

    private func budgets(_ entry: RewardEntry, in invocation: Invocation) throws(StoreError) -> [RewardBudget] {
        var budgets: [RewardBudget] = []
        if let limit = limits.perDay {
            budgets.append(try RewardBudget(.all, entry, limit: limit, in: store, invocation))
        }
        if let limit = limits.perUserAndDay {
            budgets.append(try RewardBudget(.user, entry, limit: limit, in: store, invocation))
        }
        return budgets
    }
}

extension RewardLedger {
    /// Until nobody else has written meanwhile what was read, or there is no time left.
    private func tryAgain<Result>(
        in invocation: Invocation, _ attempt: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var longestPause = 8
        while true {
            do throws(StoreError) { return try attempt() } catch {
                guard error == .conditionFailed else { throw error }
                let left = invocation.deadline.remainingMilliseconds - HTTPClient.reservedMilliseconds
                guard left > longestPause else { throw .timedOut }
                sleep(milliseconds: 1 + randomRevision() % longestPause)
                longestPause = min(longestPause * 2, 128)
            }
        }
    }

    private func alone<Result>(
        in invocation: Invocation, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let turn: Void? = isFree.wait(until: invocation.deadline) { isFree in
            guard isFree else { return nil }
            isFree = false
            return ()
        }
        guard turn != nil else { throw .timedOut }
        defer {
            isFree.withLock { $0 = true }
            isFree.notify()
        }
        return try body()
    }
}

extension RewardEntry {
    /// In place of a record of it, which may be of an older schema. What else that one knows stays.
    fileprivate func writes(
        over record: Record, holder: String? = nil, keptFor retention: Retention
    ) -> [Write] {
        var besides = record.attributes
        if let holder { besides["holder"] = holder }
        return writes(besides: besides, if: .ifRevision(record.revision), keptFor: retention)
    }
}
