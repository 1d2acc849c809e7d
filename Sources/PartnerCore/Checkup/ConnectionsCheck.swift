/// Whether OwnerRez connections are looked after, and which keys their tokens are sealed with.
struct ConnectionsCheck: Sendable {
    private let store: RecordStore
    private let sealer: TokenSealer?

    /// More are not looked at.
    private static let most = 1000
    /// Each has its turn once an hour.
    private static let longestLagSeconds = 3 * 3600

    init(_ store: RecordStore, _ sealer: TokenSealer?) {
        self.store = store
        self.sealer = sealer
    }

    /// - Returns: none where nobody has connected anything.
    func findings(in work: LongWork) -> [Finding] {
        do throws(StoreError) {
            let (entries, unreadable) = try entries(in: work)
            var findings: [Finding] = []
            if unreadable > 0 {
                findings.append(
                    Finding(
                        .fail, "connections", "\(unreadable) cannot be read", next: "partner-admin connections list"))
            }
            guard !entries.isEmpty else { return findings }
            findings += [standing(entries), lag(entries)]
            if let sealer { findings.append(try sealer.finding(of: entries, in: store, work.step())) }
            return findings
        } catch {
            return [
                Finding(
                    .fail, "connections", "cannot be read: \(error.reason)", next: "partner-admin connections list")
            ]
        }
    }

    private func entries(
        in work: LongWork
    ) throws(StoreError) -> (entries: [ConnectionList.Entry], unreadable: Int) {
        var (entries, unreadable): ([ConnectionList.Entry], Int) = ([], 0)
        var next: String?
        repeat {
            let page = try ConnectionList(store).page(after: next, in: work.step())
            entries += page.entries
            unreadable += page.unreadable.count
            next = page.next
        } while next != nil && entries.count < Self.most
        return (entries, unreadable)
    }

    /// Whoever has left OwnerRez has not broken anything here.
    private func standing(_ entries: [ConnectionList.Entry]) -> Finding {
        let revoked = entries.filter { $0.revokedAt != nil }.count
        let failed = entries.filter { $0.revokedAt == nil && $0.refreshFailedAt != nil }.count
        let number = entries.count >= Self.most ? "\(entries.count) or more" : "\(entries.count)"
        let found = "\(number), \(revoked) revoked at OwnerRez, \(failed) that cannot be renewed"
        return Finding(
            failed > 0 ? .warn : .ok, "connections", found,
            next: failed > 0 ? "partner-admin connections list: who would have to connect again" : nil)
    }

    /// For how long nobody has looked for changes of the one that is furthest behind.
    private func lag(_ entries: [ConnectionList.Entry]) -> Finding {
        let what = "reconcile lag"
        let alive = entries.filter { $0.revokedAt == nil }
        guard let first = alive.compactMap({ $0.reached }).min() else {
            return Finding(.leftOut, what, "no connection's lists have been looked through yet")
        }
        let found = "\(first.age), of the connection that is furthest behind"
        guard first < Timestamp.now().adding(seconds: -Self.longestLagSeconds) else { return Finding(.ok, what, found) }
        return Finding(
            .warn, what, found, next: "partner-admin connections check --all; does ownerrez-api's schedule run?")
    }
}
