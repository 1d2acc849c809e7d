/// Takes somebody who is erased out of the audit records of their rewards, as a look through the store finds these. What
/// was paid, when, for what and by whom it was asked for stays for as long as it would have been kept; in the place of
/// Ownli's id of the user is `erased:HASH`.
///
/// A repeat of the order finds its reference taken, and is refused as one for another user: nothing is granted again.
struct RewardErasure {
    struct Outcome {
        var rewards = 0
        var kept = KeptUntil.nothing
        var budgets = 0
        /// Today's, which is still in use.
        var budgetsLeft = KeptUntil.nothing
    }

    private let removal: Removal
    private let erased: ErasedSubject
    private let retention: Retention
    private let links: UserLinks

    init(_ removal: Removal, _ erased: ErasedSubject, keptFor retention: Retention) {
        self.removal = removal
        self.erased = erased
        self.retention = retention
        links = UserLinks(removal.store)
    }

    /// - Parameter users: Ownli's ids of them.
    func erase(
        _ users: Set<ExactText>, of subject: String, from records: [Record], at now: Timestamp, in work: LongWork
    ) throws(StoreError) -> Outcome {
        var outcome = Outcome()
        var budgets: [Record] = []
        for record in records {
            if let (day, user) = RewardBudget.dayAndUser(record.key) {
                guard users.contains(ExactText(user)) else { continue }
                if day == now.day { outcome.budgetsLeft.lengthen(to: record.expires) } else { budgets.append(record) }
            } else if RewardEntry.isKey(record.key), let user = record.attributes["userId"],
                users.contains(ExactText(user))
            {
                try erase(record, of: subject, &outcome, in: work)
            }
        }
        outcome.budgets = try removal.remove(budgets, in: work)
        return outcome
    }

    private func erase(
        _ record: Record, of subject: String, _ outcome: inout Outcome, in work: LongWork
    ) throws(StoreError) {
        let found = try RewardEntry(record)
        // If somebody is this user now, themselves too, what was asked for since then is theirs.
        let present = try links.link(ownliUserID: found.request.userID, in: work.step())
        if let present, !(removal.isDryRun && present.subject == subject), found.askedAt >= present.linkedAt { return }
        guard let standing = try removal.store.get(found.key, in: work.step()),
            case let entry = try RewardEntry(standing), entry.request.userID == found.request.userID
        else { return try eraseRemnant(record, found, in: work) }
        // One of the first schema was for good.
        let isFirst = try RewardEntry.schema.version(of: standing) == 1
        let expires = isFirst ? retention.end(from: entry.askedAt) : standing.expires
        let writes = entry.erased(erased, over: standing, expires: expires)
        guard try removal.transact(writes, in: work.step()) else { return }
        // In a look at what would be done each of an entry's records comes by.
        if !removal.isDryRun || record.key == found.key { outcome.rewards += 1 }
        outcome.kept.lengthen(to: expires)
    }

    /// Of an entry that is not there any more, or was erased since this was read.
    private func eraseRemnant(_ record: Record, _ found: RewardEntry, in work: LongWork) throws(StoreError) {
        guard record.key == found.keyByDay else {
            _ = try removal.remove([record], in: work)
            return
        }
        var attributes = record.attributes
        attributes["userId"] = erased.user
        let write = Write.put(record.key, attributes, expires: record.expires, if: .ifRevision(record.revision))
        _ = try removal.transact([write], in: work.step())
    }
}
