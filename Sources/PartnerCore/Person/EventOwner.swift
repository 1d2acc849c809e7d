/// By what a person's events are known.
struct EventOwner {
    let subject: String
    /// OwnerRez's, which they have connected now.
    let accounts: [Int]

    /// An event that says whose it is belongs to that person. Any other is theirs if it is of an account that they have
    /// now: it has waited, or it was kept without its owner's name, or nobody had connected the account by then.
    func owns(_ event: FoundEvent) -> Bool {
        if let owner = event.subject { return owner == subject }
        return event.account.map { accounts.contains($0) } ?? false
    }
}
