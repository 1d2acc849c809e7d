/// Which accounts a user of ours has connected. It reads no token, and so needs neither a key nor the right to.
public struct ConnectionList: Sendable {
    let store: RecordStore

    public init(_ store: RecordStore) { self.store = store }

    /// All of a user's, by the accounts' ids.
    public func all(subject: String, in invocation: Invocation) throws(StoreError) -> [Connection] {
        var connections: [Connection] = []
        for record in try store.list(partition: Connections.partition(subject: subject), in: invocation) {
            connections.append(try Connection(record, subject: subject, account: record.key.sort))
        }
        return connections
    }
}
