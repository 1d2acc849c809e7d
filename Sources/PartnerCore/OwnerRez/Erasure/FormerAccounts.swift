/// The accounts of OwnerRez's that somebody has had, and what of them is theirs: accounts change hands.
struct FormerAccounts {
    let subject: String
    let ids: Set<Int>

    /// If a record says whose it is, that decides. Any other is of whoever had the account when it came. So it is
    /// theirs if it came before the present connection, or if nobody has connected the account now.
    ///
    /// - Parameter present: the account's connection as it is now, read after the record was. If it is their own, they
    ///   have come back.
    func hasHad(_ trace: AccountTrace, now present: Connection?) -> Bool {
        let isBefore = present.map { present in trace.time.map { $0 < present.connectedAt } ?? false } ?? true
        if let owner = trace.subject {
            return owner == subject && (present?.subject != subject || isBefore)
        }
        return trace.account.map { ids.contains($0) } ?? false && isBefore
    }
}
