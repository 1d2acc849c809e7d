/// The accounts of OwnerRez's that somebody has had, and what of them is theirs: accounts change hands.
struct FormerAccounts {
    let subject: String
    let ids: Set<Int>

    /// What says whose it is, is theirs or is not. All else is of whoever had the account when it came: what came before
    /// the present connection, or what is there at all where nobody has connected it.
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
