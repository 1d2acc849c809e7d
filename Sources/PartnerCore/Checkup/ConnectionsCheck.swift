/// Whether OwnerRez connections are looked after.
struct ConnectionsCheck: Sendable {
    private let store: RecordStore

    /// More are not looked at.
    private static let most = 1000
    /// Each has its turn once an hour.
    private static let longestLagSeconds = 3 * 3600

    init(_ store: RecordStore) { self.store = store }

    func findings(in invocation: Invocation) -> [Finding] {
        let what = "connections"
        var entries: [ConnectionList.Entry] = []
        do throws(StoreError) {
            var next: String?
            repeat {
                let page = try ConnectionList(store).page(after: next, in: invocation)
                entries += page.entries
                next = page.next
            } while next != nil && entries.count < Self.most
        } catch {
            return [Finding(.fail, what, "cannot be read: \(error.reason)", next: "see store")]
        }
        guard !entries.isEmpty else { return [Finding(.none, what, "there are none")] }
        return [standing(entries), lag(entries)]
    }

    private func standing(_ entries: [ConnectionList.Entry]) -> Finding {
        let revoked = entries.filter { $0.revokedAt != nil }.count
        let failed = entries.filter { $0.revokedAt == nil && $0.refreshFailedAt != nil }.count
        let number = entries.count >= Self.most ? "\(entries.count) or more" : "\(entries.count)"
        return Finding(
            .ok, "connections", "\(number), \(revoked) revoked at OwnerRez, \(failed) that cannot be renewed",
            next: revoked + failed > 0
                ? "these people would have to connect again: partner-admin connections list" : nil)
    }

    /// For how long nobody has looked for changes of the one that is furthest behind.
    private func lag(_ entries: [ConnectionList.Entry]) -> Finding {
        let what = "reconcile lag"
        let alive = entries.filter { $0.revokedAt == nil }
        guard let first = alive.compactMap({ $0.reached }).min() else {
            return Finding(.none, what, "no connection's lists have been looked through yet")
        }
        let seconds = Timestamp.now().milliseconds(since: first) / 1000
        let found = "\(seconds / 60) min, of the connection that is furthest behind"
        guard seconds > Self.longestLagSeconds else { return Finding(.ok, what, found) }
        return Finding(
            .warn, what, found,
            next: "is ownerrez-api's schedule running? its log; partner-admin connections check --all")
    }
}
