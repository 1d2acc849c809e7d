/// What is done for one connection, by whoever has claimed it: tokens are renewed ahead of time, subscriptions brought to
/// what is wanted, and lists looked through.
struct ConnectionUpkeep: Sendable {
    let tokens: ConnectionTokens
    let api: ConnectedAPI
    let subscriptions: Subscriptions
    let reconcile: Reconcile
    let now: @Sendable () -> Timestamp

    /// What became of it.
    struct Outcome: Sendable, Equatable {
        var missed = 0
        /// Parts that OwnerRez has refused or failed, which has been logged.
        var failed = 0
        /// Subscriptions were made or removed, which the next one is to look at soon.
        var isUnsettled = false
        /// All that changed before this has been told of, as far as OwnerRez has answered; nil where lists are not looked
        /// through.
        var reached: Timestamp?
    }

    /// Tokens of the policy "Standard" live for 30 days, and are renewed this long before.
    private static let aheadSeconds = 3 * 86_400

    func run(
        _ stored: Connections.Stored, graceSeconds: Int, in invocation: Invocation
    ) throws(UpkeepInterruption) -> Outcome {
        let api = AccountAPI(api: api, connection: stored.connection, use: .upkeep)
        var outcome = Outcome()
        try attempt(&outcome, in: invocation) { (_) throws(UpkeepInterruption) in
            try renewAhead(stored, in: invocation)
        }
        try attempt(&outcome, in: invocation) { (outcome) throws(UpkeepInterruption) in
            outcome.note(try subscriptions.bring(over: api, in: invocation))
        }
        for list in reconcile.lists {
            try attempt(&outcome, in: invocation) { (outcome) throws(UpkeepInterruption) in
                let became = try reconcile.run(
                    list, over: api, graceSeconds: graceSeconds, missed: &outcome.missed, in: invocation)
                switch became {
                case .upTo(let time): outcome.reached = min(outcome.reached ?? time, time)
                case .leftAlone: break
                case .unreadable(let time):
                    outcome.reached = min(outcome.reached ?? time, time)
                    outcome.failed += 1
                }
            }
        }
        if outcome.missed > 0 {
            try attempt(&outcome, in: invocation) { (outcome) throws(UpkeepInterruption) in
                outcome.note(try subscriptions.bring(over: api, anew: true, in: invocation))
            }
        }
        return outcome
    }

    /// Where OwnerRez has answered, if only with an error, the rest is worth trying.
    private func attempt(
        _ outcome: inout Outcome, in invocation: Invocation,
        _ part: (inout Outcome) throws(UpkeepInterruption) -> Void
    ) throws(UpkeepInterruption) {
        do throws(UpkeepInterruption) { try part(&outcome) } catch {
            guard error.isAnswered else { throw error }
            outcome.failed += 1
            invocation.count("ReconcileFailed")
            invocation.log.write(
                .error, "a part of a connection's upkeep failed", requestID: invocation.requestID,
                [JSON.Member("reason", .string(error.reason))])
        }
    }

    private func renewAhead(_ stored: Connections.Stored, in invocation: Invocation) throws(UpkeepInterruption) {
        guard stored.refreshFailedAt == nil, case .success(let standing) = stored.tokens, standing.refresh != nil,
            let expires = standing.expires, expires < now().adding(seconds: Self.aheadSeconds)
        else { return }
        let connection = stored.connection
        do throws(FunctionError) {
            let usable = try tokens.usable(
                account: connection.account.id, of: connection.subject, insteadOf: standing.access, in: invocation)
            guard case .tokens(let renewed) = usable, renewed.access != standing.access else { return }
            invocation.count("TokensRenewedAhead")
        } catch {
            throw .call(.failed(error))
        }
    }
}

extension UpkeepInterruption {
    /// Whether it was OwnerRez that said no, and said so at once.
    fileprivate var isAnswered: Bool {
        switch self {
        case .call(.upstream(.failing)), .call(.upstream(.unexpectedAnswer)), .call(.upstream(.refused)),
            .call(.upstream(.clientRejected)), .call(.upstream(.grantRefused)):
            true
        case .call, .store, .outOfTime, .takenOver: false
        }
    }
}

extension ConnectionUpkeep.Outcome {
    fileprivate mutating func note(_ subscriptions: Subscriptions.Outcome) {
        if subscriptions.made > 0 || subscriptions.removed > 0 { isUnsettled = true }
        failed += subscriptions.refused
    }
}
