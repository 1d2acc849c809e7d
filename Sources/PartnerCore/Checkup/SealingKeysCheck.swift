extension TokenSealer {
    /// More connections than these are not looked at.
    private static let mostConnections = 1000

    /// By which keys the stored tokens are sealed.
    func findings(of store: RecordStore?, in invocation: Invocation) -> [Finding] {
        let what = "token keys"
        guard let store else { return [Finding(.none, what, "\(keyIDs.count); there is no store to look into")] }
        var counts: [(id: String, count: Int)] = []
        do throws(StoreError) {
            var (seen, next): (Int, String?) = (0, nil)
            repeat {
                let page = try ConnectionList(store).page(after: next, in: invocation)
                for entry in page.entries {
                    guard let id = entry.keyID else { continue }
                    if let index = counts.firstIndex(where: { $0.id == id }) {
                        counts[index].count += 1
                    } else {
                        counts.append((id, 1))
                    }
                }
                seen += page.entries.count
                next = page.next
            } while next != nil && seen < Self.mostConnections
        } catch {
            return [Finding(.fail, what, "the connections cannot be read: \(error.reason)", next: "see store")]
        }
        let first = keyIDs[0]
        let found =
            counts.isEmpty
            ? "no connection has any" : counts.map { "\($0.count) under \($0.id)" }.joined(separator: ", ")
        if counts.contains(where: { count in !keyIDs.contains { $0 == count.id } }) {
            return [
                Finding(
                    .fail, what, "\(found): not all of these keys are there",
                    next: "put the key back into TOKEN_ENCRYPTION_KEYS")
            ]
        }
        guard counts.allSatisfy({ $0.id == first }) else {
            return [Finding(.warn, what, found, next: "partner-admin tokens reseal")]
        }
        guard keyIDs.count == 1 else {
            return [
                Finding(
                    .warn, what, "\(found); \(keyIDs.count - 1) other keys are needed no more",
                    next: "take them out of TOKEN_ENCRYPTION_KEYS")
            ]
        }
        return [Finding(.ok, what, found)]
    }
}
