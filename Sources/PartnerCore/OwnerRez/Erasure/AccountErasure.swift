/// Removes what is kept of the accounts that somebody has had, record by record as a look through the store finds it.
struct AccountErasure {
    /// How many are gone.
    struct Outcome {
        var accountRecords = 0
        var told = 0
        var events = 0
        var states = 0
    }

    private let removal: Removal
    private let connections: Connections

    init(_ removal: Removal) {
        self.removal = removal
        connections = Connections(removal.store, TokenSealer())
    }

    /// The accounts that a record says they have had.
    static func accounts(of subject: String, in records: [Record]) -> [Int] {
        records.compactMap { record in
            AccountTrace(record).flatMap { $0.subject == subject ? $0.account : nil }
        }
    }

    func remove(
        _ former: FormerAccounts, from records: [Record], in work: LongWork
    ) throws(StoreError) -> Outcome {
        var theirs: [AccountTrace.Kind: [Record]] = [:]
        var present = PresentConnections(connections, before: removal.isDryRun ? former.subject : nil)
        for record in records {
            guard let trace = AccountTrace(record), trace.kind != .waiting,
                former.hasHad(trace, now: try present.connection(trace.account, in: work))
            else { continue }
            theirs[trace.kind, default: []].append(record)
        }
        var outcome = Outcome()
        outcome.accountRecords = try removal.remove(theirs[.account] ?? [], in: work)
        if !removal.isDryRun {
            // Left by whom, nobody knows: a connection's end takes them with it.
            outcome.accountRecords += try removal.remove(theirs[.connection] ?? [], in: work)
        }
        outcome.told = try removal.remove(theirs[.told] ?? [], in: work)
        outcome.events = try removal.remove(theirs[.event] ?? [], in: work)
        outcome.states = try removal.remove(theirs[.state] ?? [], in: work)
        return outcome
    }
}

/// Who has accounts now, each looked up once. It is good for records that were read before it was made.
struct PresentConnections {
    private let connections: Connections
    /// Whose connections count as ended: for a look at what would be done.
    private let ended: String?
    private var known: [Int: Connection?] = [:]

    init(_ connections: Connections, before ended: String?) {
        self.connections = connections
        self.ended = ended
    }

    mutating func connection(_ account: Int?, in work: LongWork) throws(StoreError) -> Connection? {
        guard let account else { return nil }
        if let known = known[account] { return known }
        let connection = try connections.stored(account: account, in: work.step())?.connection
        let standing = connection.flatMap { $0.subject == ended ? nil : $0 }
        known[account] = .some(standing)
        return standing
    }
}
