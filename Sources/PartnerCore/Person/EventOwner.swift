/// By what a person's events are known.
struct EventOwner {
    let subject: String
    /// OwnerRez's, which they have connected now.
    let accounts: [Int]

    /// What says whose it is, is theirs. Of the rest, what is of an account that they have: it has waited, or it was kept
    /// without whose it is, or nobody had connected the account by then.
    func owns(_ event: FoundEvent) -> Bool {
        if let owner = event.subject { return owner == subject }
        return event.account.map { accounts.contains($0) } ?? false
    }
}
