/// A connection's subscriptions where it begins and ends; all that is between is the schedule's.
struct SubscriptionUpkeep: Sendable {
    private let api: ConnectedAPI
    private let subscriptions: Subscriptions
    private let schedule: ConnectionSchedule
    private let now: @Sendable () -> Timestamp

    init(reading settings: inout SettingsReader, _ store: RecordStore, _ tokens: ConnectionTokens) {
        api = ConnectedAPI(store, tokens, RateBudget(store, reading: &settings))
        subscriptions = Subscriptions(store, reading: &settings)
        schedule = tokens.connections.schedule
        now = tokens.now
    }

    /// Makes those of a connection that was saved just now. Nobody waits for it. What cannot be done here is left to
    /// the schedule, for which the connection is due already.
    func subscribe(_ connection: Connection, in invocation: Invocation) {
        guard !subscriptions.wanted.isEmpty else { return }
        do throws(UpkeepInterruption) {
            let claim = try keeping { () throws(StoreError) -> (ConnectionSchedule.Claim, ConnectionSchedule.Entry)? in
                guard let entry = try schedule.entry(account: connection.account.id, in: invocation),
                    let claim = try schedule.claim(entry, within: invocation, at: now())
                else { return nil }
                return (claim, entry)
            }
            // Somebody is looking after the connection already, and does this too.
            guard let (claim, entry) = claim else { return }
            var failure: UpkeepInterruption?
            do throws(UpkeepInterruption) {
                _ = try subscriptions.bring(over: account(connection), in: invocation)
            } catch {
                failure = error
            }
            try keeping { () throws(StoreError) in
                _ = try schedule.settle(claim, due: entry.due, reached: entry.reached, in: invocation)
            }
            if let failure { throw failure }
        } catch {
            log("a connection's subscriptions are left to the schedule", error, in: invocation)
        }
    }

    /// Removes those of a connection that is about to be ended. If OwnerRez refuses, that is logged. If it cannot be
    /// asked, an error is thrown and the connection stays.
    func unsubscribe(_ connection: Connection, in invocation: Invocation) throws(FunctionError) {
        do throws(UpkeepInterruption) { try subscriptions.removeAll(over: account(connection), in: invocation) } catch {
            switch error {
            case .call(.revoked), .call(.notConnected), .call(.upstream(.refused)), .takenOver:
                log("a connection's subscriptions were not removed", error, in: invocation)
            case .call, .store, .outOfTime: throw error.functionError
            }
        }
    }

    private func account(_ connection: Connection) -> AccountAPI {
        AccountAPI(api: api, connection: connection, use: .call)
    }

    private func log(_ message: String, _ interruption: UpkeepInterruption, in invocation: Invocation) {
        invocation.log.write(
            .warn, message, requestID: invocation.requestID, [JSON.Member("reason", .string(interruption.reason))])
    }
}

extension ConnectionSchedule {
    /// How far the clocks of two machines may differ.
    private static let clockSkewMilliseconds = 10_000

    /// Until the invocation must be over.
    func claim(
        _ entry: Entry, within invocation: Invocation, at now: Timestamp
    ) throws(StoreError) -> Claim? {
        let left = invocation.deadline.remainingMilliseconds.saturatingAdding(Self.clockSkewMilliseconds)
        return try claim(entry, until: now.adding(milliseconds: left), in: invocation)
    }
}
