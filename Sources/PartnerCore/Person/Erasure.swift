/// Erases a person: everything that is kept of a subject goes, but for what proves consent and money.
///
/// A run goes by these steps. Each of them may be done again, and a run after a kill begins with the first.
///
/// 1. What leads to their records is kept (`ErasureJob`) before anything is removed that tells of it: their ids at Ownli,
///    by the link and by all withdrawals, and their accounts at OwnerRez.
/// 2. They withdraw, as they would themselves. This is the moment that decides: an opt-in that has begun before is ended
///    by it or refused (409 `CONSENT_WITHDRAWN`), and one that begins later is that of a person who has come back. It
///    stands, with its consent and all that comes of it.
/// 3. Their connections are ended at OwnerRez and forgotten here. If OwnerRez cannot be told, the run stops there. No
///    event tells of it: it would name them, and whoever erases tells their own systems.
/// 4. Consents and withdrawals go to `erased#HASH` (`ConsentErasure`).
/// 5. The store is looked through until nothing of theirs is found any more: in the inbox and wherever events are kept, in
///    what is remembered of their accounts (`AccountErasure`), in the audit records of rewards (`RewardErasure`). Events
///    name their subject, so that accounts come to light that they have had before; these are added to the job.
/// 6. The job is done. What leads to them stays for a day more, for a run that is to find what came late: a webhook that
///    was under way, a reward that was being granted.
///
/// Accounts change hands. What came while somebody else had an account is theirs, and stays (`FormerAccounts`); likewise
/// rewards that were asked for since a user of Ownli's was linked anew.
///
/// What goes by itself: the bare end of a withdrawal and the job's ids, after a day; the budget of a day that is not over,
/// after 35 days; the ids of webhooks, which name nobody, after 30 days.
public struct Erasure: Sendable {
    private let store: RecordStore
    private let hash: IdentifierHash
    private let disconnections: Disconnections?
    private let consentRetention: Retention
    private let rewardRetention: Retention
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - disconnections: nil where there is no app at OwnerRez (any more).
    ///   - consentRetention: RETENTION_CONSENTS.
    ///   - rewardRetention: RETENTION_AUDIT.
    ///   - now: the store's own clock unless given: an operator's may be wrong.
    public init(
        _ store: RecordStore, _ hash: IdentifierHash, _ disconnections: Disconnections?,
        consentsKeptFor consentRetention: Retention, rewardsKeptFor rewardRetention: Retention,
        now: (@Sendable () -> Timestamp)? = nil
    ) {
        self.store = store
        self.hash = hash
        self.disconnections = disconnections
        self.consentRetention = consentRetention
        self.rewardRetention = rewardRetention
        self.now = now ?? { store.time }
    }

    /// What is known of a person before anything is done.
    public struct Findings: Sendable {
        let subject: String
        let job: ErasureJob
        let connections: [Connection]

        /// What is not ours to remove: for whoever asks Ownli to. Afterwards nothing here leads there.
        public var elsewhere: [ErasureReport.Line] {
            job.ownliUserIDs.map { ErasureReport.Line(ownliUserID: $0) }
                + job.accounts.map { ErasureReport.Line(account: $0) }
        }
    }

    /// Nothing is written.
    public func find(_ subject: String, in work: LongWork) throws(FunctionError) -> Findings {
        try storing { () throws(StoreError) in
            let link = try UserLinks(store).link(subject: subject, in: work.step())
            let history = try Consents(store).history(subject: subject, in: work.step())
            let connections = try ConnectionList(store).all(subject: subject, in: work.step())
            var job = try ErasureJob(of: ErasedSubject(subject, hash), in: store, at: now(), work.step())
            try job.learn(
                (link.map { [$0.ownliUserID] } ?? []) + history.formerOwnliUserIDs,
                accounts: connections.map { $0.account.id }, by: Removal(store: store, isDryRun: true), in: work.step())
            return Findings(subject: subject, job: job, connections: connections)
        }
    }

    /// - Parameters:
    ///   - isForced: connections that OwnerRez cannot be told of are forgotten here all the same.
    ///   - isDryRun: only looks at what would be done.
    public func run(
        _ findings: Findings, isForced: Bool = false, isDryRun: Bool = false, in work: LongWork
    ) throws(FunctionError) -> ErasureReport {
        guard findings.connections.isEmpty || disconnections != nil || isForced else { throw .ownerRezNotConfigured }
        let removal = Removal(store: store, isDryRun: isDryRun)
        let erased = ErasedSubject(findings.subject, hash)
        var run = ErasureRun(
            findings, removal, work, at: now(), consents: ConsentErasure(removal, erased),
            connections: ConnectionErasure(store, disconnections, isForced: isForced),
            rewards: RewardErasure(removal, erased, keptFor: rewardRetention))
        try run.begin()
        try run.withdraw(keptFor: consentRetention)
        try run.disconnect()
        try run.removeConsents()
        try run.lookThroughAll()
        return try run.finish(keptFor: consentRetention)
    }
}
