extension TokenSealer {
    /// By which keys the stored tokens are sealed, and whether ours are these.
    func finding(
        of entries: [ConnectionList.Entry], in store: RecordStore, _ invocation: Invocation
    ) throws(StoreError) -> Finding {
        let what = "token keys"
        let mend = "put the key back into TOKEN_ENCRYPTION_KEYS; else these people have to connect again"
        var counts: [(id: String, count: Int, account: Int)] = []
        for entry in entries {
            guard let id = entry.keyID else { continue }
            if let index = counts.firstIndex(where: { $0.id == id }) {
                counts[index].count += 1
            } else {
                counts.append((id, 1, entry.account))
            }
        }
        guard !counts.isEmpty else { return Finding(.leftOut, what, "no connection has any") }
        let found = counts.map { "\($0.count) under \($0.id)" }.joined(separator: ", ")
        // One of each tells whether the key is the right one, and not another of the same id.
        for count in counts {
            guard let reason = try whySealed(account: count.account, in: store, invocation) else { continue }
            return Finding(.fail, what, "\(found): \(reason)", next: mend)
        }
        guard counts.allSatisfy({ $0.id == keyIDs[0] }) else {
            return Finding(.warn, what, "\(found); \(keyIDs[0]) is the first", next: "partner-admin tokens reseal")
        }
        guard keyIDs.count == 1 else {
            let others = keyIDs.dropFirst().joined(separator: ", ")
            return Finding(
                .warn, what, "\(found); no token needs \(others)",
                next: "partner-admin tokens reseal, for those that no list has; then take it out of the setting")
        }
        return Finding(.ok, what, found)
    }

    /// Nil where the token opens, or has gone meanwhile.
    private func whySealed(
        account: Int, in store: RecordStore, _ invocation: Invocation
    ) throws(StoreError) -> String? {
        guard let record = try store.get(Connections.key(account: account), in: invocation) else { return nil }
        do throws(SealError) { _ = try open(record.attributes["tokens"] ?? "", in: record.key) } catch {
            return error.description
        }
        return nil
    }
}
