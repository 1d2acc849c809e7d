/// One run of an erasure: what it knows and what it has done so far. `Erasure` says in which order its steps are done.
struct ErasureRun {
    private let subject: String
    private let found: [Connection]
    private let removal: Removal
    private let work: LongWork
    private let now: Timestamp
    private let consents: ConsentErasure
    private let connections: ConnectionErasure
    private let rewards: RewardErasure
    private let accounts: AccountErasure
    private let inbox: InboxErasure

    private var job: ErasureJob
    /// Of whom the operator knows already.
    private let told: ErasureJob
    private var counts = ErasureCounts()
    /// Connections that OwnerRez could not be told of.
    private var untold = 0
    private var consentsKept = KeptUntil.nothing
    private var rewardsKept = KeptUntil.nothing
    private var budgetsLeft = KeptUntil.nothing

    private var store: RecordStore { removal.store }
    private var isDryRun: Bool { removal.isDryRun }

    /// Of looks through the store. As long as webhooks come there is something in each.
    private static let mostLooks = 6
    /// Of records in a page, each of which may be as large as a webhook.
    private static let pageSize = 200

    init(
        _ findings: Erasure.Findings, _ removal: Removal, _ work: LongWork, at now: Timestamp, consents: ConsentErasure,
        connections: ConnectionErasure, rewards: RewardErasure
    ) {
        subject = findings.subject
        found = findings.connections
        told = findings.job
        job = findings.job
        self.removal = removal
        self.work = work
        self.now = now
        self.consents = consents
        self.connections = connections
        self.rewards = rewards
        accounts = AccountErasure(removal)
        inbox = InboxErasure(removal)
    }

    mutating func begin() throws(FunctionError) {
        try storing { () throws(StoreError) in _ = try job.learn(by: removal, in: work.step()) }
    }

    mutating func withdraw(keptFor retention: Retention) throws(FunctionError) {
        try storing { () throws(StoreError) in
            guard !isDryRun else {
                let link = try UserLinks(store).link(subject: subject, in: work.step())
                let history = try Consents(store).history(subject: subject, in: work.step())
                counts[.links] = link == nil ? 0 : 1
                counts[.withdrawals] = link == nil && history.standing.isEmpty ? 0 : 1
                return
            }
            let outcome = try Withdrawals(store, keptFor: retention).withdraw(
                subject: subject, at: now, in: work.step())
            if case .withdrawn(let withdrawal) = outcome, withdrawal.ownliUserID != nil { counts[.links] = 1 }
            // Whoever opted in since we looked is in it.
            let history = try Consents(store).history(subject: subject, in: work.step())
            try job.learn(history.formerOwnliUserIDs, by: removal, in: work.step())
        }
    }

    mutating func disconnect() throws(FunctionError) {
        guard !isDryRun else {
            counts[.connections] = found.count
            return
        }
        // As they stand now: somebody may have connected one since we looked.
        let standing = try storing { () throws(StoreError) in
            let standing = try ConnectionList(store).all(subject: subject, in: work.step())
            try job.learn(accounts: standing.map { $0.account.id }, by: removal, in: work.step())
            return standing
        }
        for connection in standing {
            let isTold = try connections.end(account: connection.account.id, of: subject, in: work)
            counts[.connections] += 1
            untold += isTold ? 0 : 1
        }
    }

    mutating func removeConsents() throws(FunctionError) {
        try storing { () throws(StoreError) in
            let ended = try consents.run(subject, isAllEnded: isDryRun, at: now, in: work)
            counts[.consents] += ended.consents
            counts[.withdrawals] += ended.withdrawals
            consentsKept = ended.kept
        }
    }

    mutating func lookThroughAll() throws(FunctionError) {
        for _ in 0..<Self.mostLooks {
            let (before, known) = (counts, job.accounts.count)
            try storing { () throws(StoreError) in
                try removeIntents()
                counts[.events] += try inbox.remove(former, in: work)
            }
            try lookThrough()
            let hasLearned = job.accounts.count > known
            guard hasLearned || (!isDryRun && counts != before) else { return }
            // The next look meets all of it again.
            if isDryRun { counts = before }
        }
    }

    private mutating func lookThrough() throws(FunctionError) {
        var last: RecordKey?
        var seen = 0
        repeat {
            try work.checkTime()
            last = try storing { () throws(StoreError) in
                let page = try store.scan(prefix: "", after: last, limit: Self.pageSize, in: work.step())
                seen += page.records.count
                try take(page.records)
                return page.next
            }
            work.tell("\(seen) records looked at, \(counts.total) of theirs")
        } while last != nil
    }

    private mutating func take(_ records: [Record]) throws(StoreError) {
        let theirs = AccountErasure.accounts(of: subject, in: records)
        if !theirs.isEmpty { try job.learn(accounts: theirs, by: removal, in: work.step()) }
        let removed = try accounts.remove(former, from: records, in: work)
        counts[.accountRecords] += removed.accountRecords
        counts[.toldChanges] += removed.told
        counts[.events] += removed.events
        counts[.begunConnections] += removed.states
        let users = Set<ExactText>(job.ownliUserIDs.map { ExactText($0) })
        let erased = try rewards.erase(users, of: subject, from: records, at: now, in: work)
        counts[.rewards] += erased.rewards
        counts[.rewardBudgets] += erased.budgets
        rewardsKept.lengthen(to: erased.kept)
        budgetsLeft.lengthen(to: erased.budgetsLeft)
        try removeWaysBack(records)
    }

    private var former: FormerAccounts { FormerAccounts(subject: subject, ids: Set<Int>(job.accounts)) }

    /// From users of Ownli's to whom they are not linked: left by whom, nobody knows.
    private mutating func removeWaysBack(_ records: [Record]) throws(StoreError) {
        let theirs = records.filter { UserLinks.way(back: $0)?.subject == subject }
        guard !theirs.isEmpty, !isDryRun else { return }
        let link = try UserLinks(store).link(subject: subject, in: work.step())
        let left = theirs.filter { UserLinks.way(back: $0)?.ownliUserID != link?.ownliUserID }
        counts[.links] += try removal.remove(left, in: work)
    }

    /// Those of an opt-in that is under way belong to a consent that stands, and was stored before them.
    private mutating func removeIntents() throws(StoreError) {
        let intents = try CreationIntents.all(of: subject, in: store, work.step())
        guard !intents.isEmpty else { return }
        let history = try Consents(store).history(subject: subject, in: work.step())
        let back = isDryRun ? nil : history.standing.first?.acceptedAt
        var former: [Record] = []
        for record in intents {
            let begunAt = try record.time("begunAt")
            if back.map({ begunAt < $0 }) ?? true { former.append(record) }
        }
        counts[.contactIntents] += try removal.remove(former, in: work)
    }
}

extension ErasureRun {
    /// Says what was done, and keeps that it was.
    func finish(keptFor retention: Retention) throws(FunctionError) -> ErasureReport {
        var report = ErasureReport()
        report.counts = ErasureCounts.Kind.allCases.filter { counts[$0] > 0 }.map { ($0.rawValue, counts[$0]) }
        report.lines = elsewhere + done
        try storing { () throws(StoreError) in
            if !isDryRun, counts.total > 0 || job.isUnderWay {
                let end = try job.finish(counts, at: now, keptFor: retention, in: work.step())
                report.lines += left(end)
            }
            if !isDryRun, try haveTheyComeBack() { report.lines.append(.cameBack) }
        }
        if report.lines.isEmpty { report.lines = [.nothing] }
        return report
    }

    /// What has come to light since the operator was told.
    private var elsewhere: [ErasureReport.Line] {
        job.ownliUserIDs.filter { !told.ownliUserIDs.contains($0) }.map { ErasureReport.Line(ownliUserID: $0) }
            + job.accounts.filter { !told.accounts.contains($0) }.map { ErasureReport.Line(account: $0) }
    }

    private var done: [ErasureReport.Line] {
        ErasureCounts.Kind.allCases.filter { counts[$0] > 0 }.flatMap { kind -> [ErasureReport.Line] in
            switch kind {
            case .consents, .withdrawals:
                [ErasureReport.Line(kind.words, counts[kind], .proof, until: isDryRun ? .nothing : consentsKept)]
            case .rewards: [ErasureReport.Line(kind.words, counts[kind], .proof, until: rewardsKept)]
            case .connections:
                (counts[kind] > untold ? [ErasureReport.Line(kind.words, counts[kind] - untold, .ended)] : [])
                    + (untold > 0 ? [ErasureReport.Line(kind.words, untold, .endedHere)] : [])
            default: [ErasureReport.Line(kind.words, counts[kind], .removed)]
            }
        }
    }

    /// - Parameter end: of what leads to them.
    private func left(_ end: Timestamp?) -> [ErasureReport.Line] {
        var lines: [ErasureReport.Line] = []
        if counts[.withdrawals] > 0 {
            let end = now.adding(seconds: ConsentErasure.endSeconds)
            lines.append(ErasureReport.Line("ends of withdrawals", counts[.withdrawals], .goes, until: .end(end)))
        }
        if budgetsLeft != .nothing {
            lines.append(ErasureReport.Line("budgets of today", 1, .goes, until: budgetsLeft))
        }
        if let end {
            let count = job.ownliUserIDs.count + job.accounts.count
            lines.append(ErasureReport.Line("ids, for what comes late", count, .goes, until: .end(end)))
        }
        return lines
    }

    private func haveTheyComeBack() throws(StoreError) -> Bool {
        let history = try Consents(store).history(subject: subject, in: work.step())
        let link = try UserLinks(store).link(subject: subject, in: work.step())
        let connections = try ConnectionList(store).all(subject: subject, in: work.step())
        return !history.standing.isEmpty || link != nil || !connections.isEmpty
    }
}
