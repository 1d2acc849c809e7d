/// Takes over links that exist already at the company, some hundred lines of a file at a time.
///
/// The lines are stored as if they came one after the other. Those that have nothing to do with each other go in
/// transactions of many, several at once. What stands already is found as that, so that an import may be cut off
/// anywhere, and be run again.
///
/// Nobody says what these people have agreed to, so that no consent is stored with their links. One who has withdrawn
/// here is not linked again: only they themselves can opt in.
public struct LinkImport: Sendable {
    public struct Line: Sendable, Equatable {
        /// Our user's id: the claim `sub`.
        public let subject: String
        public let ownliUserID: String

        public init(subject: String, ownliUserID: String) {
            self.subject = subject
            self.ownliUserID = ownliUserID
        }
    }

    public enum Outcome: Sendable, Equatable {
        case linked
        /// The same two were linked before, and still are since then.
        case alreadyLinked
        /// Our user is linked to another of Ownli's.
        case linkedToAnother
        /// The Ownli user is linked to another of ours.
        case takenByAnother
        /// Our user has withdrawn, and not opted in since.
        case withdrawn
    }

    /// What became of lines.
    public struct Result: Sendable {
        /// In the order of the lines; nil where the store failed.
        public let outcomes: [Outcome?]
        public let failure: StoreError?
    }

    private let store: RecordStore
    private let links: UserLinks
    private let consents: Consents

    public init(_ store: RecordStore) {
        self.store = store
        links = UserLinks(store)
        consents = Consents(store)
    }

    /// A transaction has room for 100 writes, and a link takes three. Where several go at once, shorter ones do: each is
    /// done sooner, and where something stands in its way there is less to be done again.
    private var linksOfTransaction: Int { store.usefulConcurrency == 1 ? 33 : 10 }

    /// How many lines are best taken at once.
    public var windowSize: Int { linksOfTransaction * store.usefulConcurrency }

    /// - Parameters:
    ///   - isDryRun: looks at each line by itself, and stores nothing.
    ///   - invocation: one for each transaction.
    public func take(
        _ lines: [Line], isDryRun: Bool = false, at now: Timestamp,
        in invocation: @escaping @Sendable () -> Invocation
    ) -> Result {
        let outcomes = Lock([Outcome?](repeating: nil, count: lines.count))
        let failure = Lock<StoreError?>(nil)
        var rest = Array(lines.indices)
        while !rest.isEmpty, failure.withLock({ $0 == nil }) {
            let (round, later) = isDryRun ? (rest, []) : Self.independent(rest, of: lines)
            let transactions = round.inPieces(of: linksOfTransaction)
            concurrently(transactions.count, atMost: store.usefulConcurrency) { number in
                let indices = transactions[number]
                guard failure.withLock({ $0 == nil }) else { return }
                do throws(StoreError) {
                    let settled = try settle(
                        indices.map { lines[$0] }, isDryRun: isDryRun, at: now, in: invocation())
                    outcomes.withLock { for (index, outcome) in zip(indices, settled) { $0[index] = outcome } }
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            rest = later
        }
        return Result(outcomes: outcomes.withLock { $0 }, failure: failure.withLock { $0 })
    }

    /// Those that have nobody in common with a line before them, and the others.
    private static func independent(_ indices: [Int], of lines: [Line]) -> (now: [Int], later: [Int]) {
        var subjects: Set<ExactText> = []
        var ownliUserIDs: Set<ExactText> = []
        var (now, later): ([Int], [Int]) = ([], [])
        for index in indices {
            let isFirst = subjects.insert(ExactText(lines[index].subject)).inserted
            let isFirstOfTheirs = ownliUserIDs.insert(ExactText(lines[index].ownliUserID)).inserted
            if isFirst && isFirstOfTheirs { now.append(index) } else { later.append(index) }
        }
        return (now, later)
    }

    private func settle(
        _ lines: [Line], isDryRun: Bool, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> [Outcome] {
        guard !isDryRun else {
            return try lines.map { (line) throws(StoreError) in
                try standing(line, looksBack: true, triedAt: nil, in: invocation).outcome ?? .linked
            }
        }
        if let outcomes = try settleAtOnce(lines, isFirstTry: true, at: now, in: invocation) { return outcomes }
        return try lines.map { (line) throws(StoreError) in try settleAlone(line, at: now, in: invocation) }
    }

    /// More others than these do not change one person's records at once.
    private static let attempts = 10

    private func settleAlone(_ line: Line, at now: Timestamp, in invocation: Invocation) throws(StoreError) -> Outcome {
        for _ in 0..<Self.attempts {
            if let outcomes = try settleAtOnce([line], isFirstTry: false, at: now, in: invocation) {
                return outcomes[0]
            }
        }
        throw .conditionFailed
    }

    /// - Returns: nil when something stands in the way of one of them; then nothing is stored.
    private func settleAtOnce(
        _ lines: [Line], isFirstTry: Bool, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> [Outcome]? {
        var outcomes: [Outcome] = []
        var writes: [Write] = []
        for line in lines {
            switch try standing(
                line, looksBack: !isFirstTry, triedAt: isFirstTry ? nil : now, in: invocation)
            {
            case .decided(let outcome): outcomes.append(outcome)
            case .free(let history):
                outcomes.append(.linked)
                writes += UserLinks.writes(
                    UserLink(subject: line.subject, ownliUserID: line.ownliUserID, linkedAt: now))
                writes.append(history.isStillNotWithdrawn)
            }
        }
        guard !writes.isEmpty else { return outcomes }
        do throws(StoreError) {
            try store.transact(writes, in: invocation)
            return outcomes
        } catch {
            guard error == .conditionFailed else { throw error }
            return nil
        }
    }

    private enum Standing {
        case decided(Outcome)
        /// Nothing speaks against it.
        case free(ConsentHistory)

        var outcome: Outcome? {
            guard case .decided(let outcome) = self else { return nil }
            return outcome
        }
    }

    /// - Parameters:
    ///   - looksBack: asks for the way back too. Where it is not free, a transaction finds that out.
    ///   - time: of the link that was tried before: it may stand, and its answer have been lost.
    private func standing(
        _ line: Line, looksBack: Bool, triedAt time: Timestamp?, in invocation: Invocation
    ) throws(StoreError) -> Standing {
        if let link = try links.link(subject: line.subject, in: invocation) {
            guard link.ownliUserID.utf8.elementsEqual(line.ownliUserID.utf8) else { return .decided(.linkedToAnother) }
            return .decided(link.linkedAt == time ? .linked : .alreadyLinked)
        }
        let history = try consents.history(subject: line.subject, in: invocation)
        guard history.withdrawals.isEmpty || !history.standing.isEmpty else { return .decided(.withdrawn) }
        if looksBack, try links.isTaken(ownliUserID: line.ownliUserID, in: invocation) {
            return .decided(.takenByAnother)
        }
        return .free(history)
    }
}

extension Array {
    /// As they stand, in arrays of so many; the last one may have fewer.
    fileprivate func inPieces(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
