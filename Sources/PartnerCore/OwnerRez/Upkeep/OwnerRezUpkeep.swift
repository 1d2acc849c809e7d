/// Looks after all connections, as a schedule has it do every few minutes: those that are due, the longest due first, one
/// after the other, as far as time and rate budget go. Any number may run at once, and each may be ended anywhere.
public struct OwnerRezUpkeep: Sendable {
    /// What became of a run.
    struct Outcome: Sendable, Equatable {
        var connections = 0
        var missed = 0
        var failed = 0
        /// Connections that are due and were not begun on, or not done with.
        var left = 0
    }

    let connections: Connections
    let schedule: ConnectionSchedule
    let work: ConnectionUpkeep
    let now: @Sendable () -> Timestamp

    private static let hourSeconds = 3600
    private static let soonSeconds = 600
    private static let daySeconds = 86_400
    /// What a connection needs as a rule.
    private static let reservedMilliseconds = 8_000
    /// So many one after the other cannot reach OwnerRez: it is away.
    private static let mostUnreachable = 3

    public init(
        reading settings: inout SettingsReader, _ store: RecordStore, _ tokens: ConnectionTokens, _ api: ConnectedAPI
    ) {
        self.init(
            store, tokens, api, Subscriptions(store, reading: &settings), lists: settings.reconciledLists(),
            backfillSince: settings.backfillSince())
    }

    init(
        _ store: RecordStore, _ tokens: ConnectionTokens, _ api: ConnectedAPI, _ subscriptions: Subscriptions,
        lists: [ReconciledList], backfillSince: Timestamp? = nil
    ) {
        connections = tokens.connections
        schedule = connections.schedule
        now = tokens.now
        let reconcile = Reconcile(
            store: store, inbox: EventInbox(store, now: tokens.now), lists: lists, backfillSince: backfillSince,
            wanted: subscriptions.wanted, now: tokens.now)
        work = ConnectionUpkeep(
            tokens: tokens, api: api, subscriptions: subscriptions, reconcile: reconcile, now: tokens.now)
    }

    /// What a connection's turn means for the run.
    private enum Turn {
        case done
        /// OwnerRez does not answer.
        case unreachable
        /// It stays due, and nobody else's turn comes: time or rate budget are spent.
        case over(UpkeepInterruption)
    }

    /// Looks after those that are due.
    func run(in invocation: Invocation) throws(StoreError) -> Outcome {
        invocation.count("EventsMissedByWebhook", by: 0)
        let began = now()
        let all = try entries(in: invocation)
        var reached = all.map { $0.reached }
        // Nothing is put off for longer: a time beyond that is of a clock that was wrong.
        let latest = began.adding(seconds: 2 * Self.daySeconds)
        let due = all.indices.filter { all[$0].due <= began || all[$0].due > latest }
            .sorted { all[$0].due < all[$1].due }
        var outcome = Outcome()
        var unreachable = 0
        var remaining = due[...]
        while let index = remaining.first {
            guard invocation.deadline.remainingMilliseconds > Self.reservedMilliseconds else { break }
            guard let claim = try schedule.claim(all[index], within: invocation, at: now()) else {
                remaining.removeFirst()
                continue
            }
            let turn = try take(
                claim, due: all[index].due, graceSeconds: Checkpoint.graceSeconds, &reached[index], &outcome,
                in: invocation)
            if case .over = turn { break }
            remaining.removeFirst()
            if case .unreachable = turn { unreachable += 1 } else { unreachable = 0 }
            guard unreachable < Self.mostUnreachable else { break }
        }
        outcome.left = remaining.count
        let lag = reached.compactMap { $0 }.map { max(0, now().milliseconds(since: $0) / 1000) }.max() ?? 0
        invocation.reach("ReconcileLagSeconds", seconds: lag)
        return outcome
    }

    /// Looks after one, due or not.
    func run(account: Int, graceSeconds: Int, in invocation: Invocation) throws(FunctionError) -> Outcome {
        invocation.count("EventsMissedByWebhook", by: 0)
        var outcome = Outcome()
        let turn = try storing { () throws(StoreError) -> Turn? in
            guard let entry = try schedule.entry(account: account, in: invocation) else { return nil }
            guard let claim = try schedule.claim(entry, within: invocation, at: now()) else { return .over(.takenOver) }
            var reached = entry.reached
            return try take(claim, due: entry.due, graceSeconds: graceSeconds, &reached, &outcome, in: invocation)
        }
        guard let turn else { throw APICallError.notConnected.functionError }
        if case .over(let interruption) = turn { throw interruption.functionError }
        return outcome
    }

    private func entries(in invocation: Invocation) throws(StoreError) -> [ConnectionSchedule.Entry] {
        var entries: [ConnectionSchedule.Entry] = []
        var start: String?
        repeat {
            let page = try schedule.page(after: start, in: invocation)
            entries += page.entries
            start = page.next
        } while start != nil
        return entries
    }

    /// - Parameters:
    ///   - due: since when it is.
    ///   - reached: how far its lists had been looked through; and how far they are now.
    private func take(
        _ claim: ConnectionSchedule.Claim, due: Timestamp, graceSeconds: Int, _ reached: inout Timestamp?,
        _ outcome: inout Outcome, in invocation: Invocation
    ) throws(StoreError) -> Turn {
        guard let stored = try connections.stored(account: claim.account, in: invocation),
            stored.connection.subject == claim.subject
        else {
            try connections.unlist(account: claim.account, in: invocation)
            return .done
        }
        guard stored.connection.revokedAt == nil else {
            reached = nil
            return try settle(claim, inSeconds: Self.daySeconds, reached, .done, in: invocation)
        }
        outcome.connections += 1
        if !work.reconcile.lists.isEmpty { reached = reached ?? stored.connection.watchedSince }
        let became: ConnectionUpkeep.Outcome
        do throws(UpkeepInterruption) {
            became = try work.run(stored, graceSeconds: graceSeconds, in: invocation)
        } catch {
            return try settle(claim, due: due, after: error, &reached, &outcome, in: invocation)
        }
        outcome.missed += became.missed
        if became.failed > 0 { outcome.failed += 1 }
        // A list that failed was no further than all were before.
        if became.failed == 0 { reached = became.reached }
        let isSoon = became.failed > 0 || became.isUnsettled
        return try settle(
            claim, inSeconds: isSoon ? Self.soonSeconds : Self.hourSeconds, reached, .done, in: invocation)
    }
}

extension OwnerRezUpkeep {
    private func settle(
        _ claim: ConnectionSchedule.Claim, inSeconds seconds: Int, _ reached: Timestamp?, _ turn: Turn,
        in invocation: Invocation
    ) throws(StoreError) -> Turn {
        try schedule.settle(claim, due: now().adding(seconds: seconds), reached: reached, in: invocation)
        return turn
    }

    private func settle(
        _ claim: ConnectionSchedule.Claim, due: Timestamp, after interruption: UpkeepInterruption,
        _ reached: inout Timestamp?, _ outcome: inout Outcome, in invocation: Invocation
    ) throws(StoreError) -> Turn {
        switch interruption {
        case .takenOver: return .done
        case .outOfTime, .call(.busy):
            try schedule.settle(claim, due: due, reached: reached, in: invocation)
            return .over(interruption)
        case .call(.notConnected):
            try connections.unlist(account: claim.account, in: invocation)
            reached = nil
            return .done
        case .call(.revoked):
            reached = nil
            return try settle(claim, inSeconds: Self.daySeconds, reached, .done, in: invocation)
        case .store(let error): throw error
        case .call(.upstream), .call(.failed):
            outcome.failed += 1
            invocation.count("ReconcileFailed")
            invocation.log.write(
                .error, "a connection could not be looked after", requestID: invocation.requestID,
                [JSON.Member("reason", .string(interruption.reason))])
            var turn = Turn.done
            if case .call(.upstream(.unreachable)) = interruption { turn = .unreachable }
            return try settle(claim, inSeconds: Self.soonSeconds, reached, turn, in: invocation)
        }
    }
}
