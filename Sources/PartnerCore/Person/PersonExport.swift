/// Everything that is kept here about one person, for themselves: what they have agreed to and taken back, with receipts;
/// who they are at Ownli; the rewards that were asked for; the OwnerRez accounts that they have connected, without tokens;
/// and which events of these are kept.
///
/// Events are listed and not copied: what they say is at OwnerRez, and much of it is about guests, who are others. What
/// else there is goes by itself and says no more: states of OAuth within minutes, what repetitions of events are known by
/// within a month, what of a day's budget is spent within five weeks.
///
/// It comes in pages, each of which looks at so many records and no more: events are in no order by person, and so all of
/// them are looked through, however many are of others.
public struct PersonExport: Sendable {
    private let store: RecordStore
    private let receipts: ConsentReceipts?
    private let mostReads: Int

    /// - Parameter receipts: nil: nobody makes any.
    public init(_ store: RecordStore, receipts: ConsentReceipts?) {
        self.init(store, receipts: receipts, mostReads: ExportBudget.mostReads)
    }

    init(_ store: RecordStore, receipts: ConsentReceipts?, mostReads: Int) {
        self.store = store
        self.receipts = receipts
        self.mostReads = mostReads
    }

    /// - Parameter position: a page's `next`; nil: at the beginning.
    public func page(
        of subject: String, from position: ExportPosition? = nil, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> PersonPage {
        let (history, link) = try standing(subject, in: invocation)
        let connections = try ConnectionList(store).all(subject: subject, in: invocation)
        var page = PersonPage(of: subject, at: now)
        if position == nil {
            let intents = try CreationIntents.all(of: subject, in: store, invocation)
            page.beginning = try beginning(history, link, connections, intents)
        }
        var budget = ExportBudget(reads: mostReads)
        let rewards = OwnRewards.all(link, history)
        page.next = try add(rewards, from: position, to: &page, &budget, in: invocation)
        guard page.next == nil else { return page }
        let owner = EventOwner(subject: subject, accounts: connections.map { $0.account.id })
        page.next = try addEvents(of: owner, from: position, to: &page, &budget, in: invocation)
        return page
    }

    /// What they have agreed to and who they are at Ownli, as both were at one moment.
    private func standing(
        _ subject: String, in invocation: Invocation
    ) throws(StoreError) -> (ConsentHistory, UserLink?) {
        let consents = Consents(store)
        var history = try consents.history(subject: subject, in: invocation)
        while true {
            let link = try UserLinks(store).link(subject: subject, in: invocation)
            let after = try consents.history(subject: subject, in: invocation)
            guard after != history else { return (history, link) }
            history = after
        }
    }

    private func beginning(
        _ history: ConsentHistory, _ link: UserLink?, _ connections: [Connection], _ intents: [Record]
    ) throws(StoreError) -> [JSON.Member] {
        var attempts: [JSON] = []
        for intent in intents { attempts.append(try CreationIntent.json(intent)) }
        var beginning = [
            JSON.Member("link", link?.json ?? .null),
            JSON.Member("consents", .array(history.consents.map { $0.json(endedBy: history.end(of: $0)) })),
            JSON.Member("withdrawals", .array(history.withdrawals.map { $0.json })),
        ]
        if let receipts {
            beginning.append(JSON.Member("receipts", .array(receipts.receipts(of: history).map { .string($0) })))
            beginning.append(JSON.Member("receiptKey", receipts.publicKey.jwk))
        }
        beginning.append(JSON.Member("optInAttempts", .array(attempts)))
        beginning.append(JSON.Member("connections", .array(connections.map { $0.json })))
        return beginning
    }

    /// - Returns: where there is more; nil when that was all.
    private func add(
        _ rewards: [OwnRewards], from position: ExportPosition?, to page: inout PersonPage,
        _ budget: inout ExportBudget, in invocation: Invocation
    ) throws(StoreError) -> ExportPosition? {
        var (first, start): (String?, String?)
        switch position {
        case .events: return nil
        case .rewards(let ownliUserID, let after): (first, start) = (ownliUserID, after)
        case nil: break
        }
        let audit = RewardAudit(store)
        for own in rewards {
            if let first, precedes(own.ownliUserID, first) { continue }
            var after = first == own.ownliUserID ? start : nil
            repeat {
                guard budget.allowsReading() else { return .rewards(ownliUserID: own.ownliUserID, after: after) }
                let found = try audit.entries(
                    ownliUserID: own.ownliUserID, after: after, limit: ExportBudget.rewardsAtOnce, in: invocation)
                let entries = try found.all()
                let theirs = entries.filter { own.holds($0) }
                page.rewards += theirs.map { $0.json }
                budget.entries += theirs.count
                after = theirs.count < entries.count ? nil : found.next
            } while after != nil
        }
        return nil
    }

    private func addEvents(
        of owner: EventOwner, from position: ExportPosition?, to page: inout PersonPage,
        _ budget: inout ExportBudget, in invocation: Invocation
    ) throws(StoreError) -> ExportPosition? {
        var listing = EventInbox(store).listing(EventFilter())
        listing.pausesAtOnce = ExportBudget.pausesAtOnce
        if case .events(let position) = position { listing.resume(at: position) }
        while budget.allowsReading() {
            guard let found = try listing.next(in: invocation) else { return nil }
            budget.bytes += found.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
            for event in found where owner.owns(event) {
                page.events.append(event.json)
                budget.entries += 1
            }
        }
        return .events(listing.position)
    }
}

private func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
