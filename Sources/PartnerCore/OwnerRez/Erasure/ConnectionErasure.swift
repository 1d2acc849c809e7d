/// Ends the connections of somebody who is erased. No event tells of it: it would name them.
struct ConnectionErasure {
    private let connections: Connections
    private let disconnections: Disconnections?
    private let isForced: Bool

    /// - Parameters:
    ///   - disconnections: nil where there is no app at OwnerRez any more.
    ///   - isForced: a connection is forgotten here although OwnerRez cannot be told.
    init(_ store: RecordStore, _ disconnections: Disconnections?, isForced: Bool) {
        connections = disconnections?.connections ?? Connections(store, TokenSealer())
        self.disconnections = disconnections
        self.isForced = isForced
    }

    /// Ends whatever connection of theirs an account has.
    ///
    /// - Returns: false when OwnerRez was not told.
    func end(account: Int, of subject: String, in work: LongWork) throws(FunctionError) -> Bool {
        var isTold = true
        while let connection = try connection(account, of: subject, in: work) {
            try work.checkTime()
            let turn = try takeTurn(account, in: work)
            do throws(FunctionError) {
                isTold = try tellOwnerRez(connection, in: work) && isTold
                try storing { () throws(StoreError) in try connections.remove(connection, nil, in: work.step()) }
            } catch {
                try? turn?.giveBack(to: connections.schedule, in: work.step())
                throw error
            }
            // Where they have connected it anew meanwhile, that one is next.
            try storing { () throws(StoreError) in
                try turn?.giveBack(to: connections.schedule, in: work.step())
            }
        }
        return isTold
    }

    private func connection(
        _ account: Int, of subject: String, in work: LongWork
    ) throws(FunctionError) -> Connection? {
        try storing { () throws(StoreError) in
            let stored = try connections.stored(account: account, in: work.step())
            return stored.flatMap { $0.connection.subject == subject ? $0.connection : nil }
        }
    }

    private struct Turn {
        let claim: ConnectionSchedule.Claim
        let entry: ConnectionSchedule.Entry

        func giveBack(to schedule: ConnectionSchedule, in invocation: Invocation) throws(StoreError) {
            try schedule.settle(claim, due: entry.due, reached: entry.reached, in: invocation)
        }
    }

    /// Whoever looks after it would go on to store what they find of the account. From here on nobody begins with that.
    ///
    /// - Returns: nil when schedules do not know of it.
    private func takeTurn(_ account: Int, in work: LongWork) throws(FunctionError) -> Turn? {
        let schedule = connections.schedule
        return try work.insist("The connection is being looked after") { () throws(FunctionError) -> Turn?? in
            try storing { () throws(StoreError) -> Turn?? in
                let invocation = work.step()
                guard let entry = try schedule.entry(account: account, in: invocation) else { return .some(nil) }
                let claim = try schedule.claim(entry, within: invocation, at: connections.now())
                return claim.map { Turn(claim: $0, entry: entry) }
            }
        }
    }

    private func tellOwnerRez(_ connection: Connection, in work: LongWork) throws(FunctionError) -> Bool {
        guard let disconnections else {
            guard isForced else { throw .ownerRezNotConfigured }
            return false
        }
        do throws(FunctionError) {
            try disconnections.tellOwnerRez(connection, in: work.step())
            return true
        } catch {
            guard isForced else {
                throw .incomplete(
                    "OwnerRez could not be told that a connection ends (\(error.detail ?? error.message))")
            }
            return false
        }
    }
}

extension FunctionError {
    static let ownerRezNotConfigured = FunctionError(
        400, "OWNERREZ_NOT_CONFIGURED",
        "There are connections that OwnerRez has to be told of: set OWNERREZ_CLIENT_ID, OWNERREZ_CLIENT_SECRET and "
            + "TOKEN_ENCRYPTION_KEYS, as for ownerrez-connect")
}
