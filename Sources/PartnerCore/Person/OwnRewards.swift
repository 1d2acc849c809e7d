/// Whose rewards at Ownli are a person's.
struct OwnRewards: Equatable {
    let ownliUserID: String
    /// Until when they were that user: what was asked for later may be somebody else's. Nil: they are.
    let until: Timestamp?

    /// In the order of the ids. Of the user whom they are linked to, what was asked for before is theirs too: Ownli shows
    /// it to them.
    static func all(_ link: UserLink?, _ history: ConsentHistory) -> [OwnRewards] {
        var all = link.map { [OwnRewards(ownliUserID: $0.ownliUserID, until: nil)] } ?? []
        // The last one first: who was the same user twice, was it until then.
        for withdrawal in history.withdrawals.reversed() {
            guard let ownliUserID = withdrawal.ownliUserID, !all.contains(where: { $0.ownliUserID == ownliUserID })
            else { continue }
            all.append(OwnRewards(ownliUserID: ownliUserID, until: withdrawal.withdrawnAt))
        }
        return all.sorted { $0.ownliUserID.utf8.lexicographicallyPrecedes($1.ownliUserID.utf8) }
    }

    func holds(_ entry: RewardEntry) -> Bool { until.map { entry.askedAt <= $0 } ?? true }
}
