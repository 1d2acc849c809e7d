/// Whether an order can be granted, as far as that is known without asking Ownli: by the code with which reward-grant takes
/// it.
public struct RewardJudge: Sendable {
    private let guards: RewardGuards
    private let links: UserLinks
    private let audit: RewardAudit

    public init(_ store: RecordStore, within guards: RewardGuards) {
        self.guards = guards
        links = UserLinks(store)
        audit = RewardAudit(store)
    }

    struct Verdict {
        /// Nil when there is none.
        let order: RewardOrder?
        /// Nil when it can be granted.
        let refusal: FunctionError?
    }

    func verdict(on letter: DeadLetter, in invocation: Invocation) throws(FunctionError) -> Verdict {
        var order: RewardOrder?
        do throws(FunctionError) {
            let read = try RewardOrder(letter.order())
            order = read
            try guards.check(read)
            try check(read.request(by: links, in: invocation), in: invocation)
            return Verdict(order: order, refusal: nil)
        } catch {
            // For example the store is away. That decides nothing.
            guard !error.isTransient else { throw error }
            return Verdict(order: order, refusal: error)
        }
    }

    private func check(_ request: RewardRequest, in invocation: Invocation) throws(FunctionError) {
        let entry = try storing { () throws(StoreError) in
            try audit.entry(
                actionCode: request.actionCode, clientReference: request.clientReference, in: invocation)
        }
        if let entry, !entry.request.isSame(as: request) { throw .rewardConflict }
    }
}
