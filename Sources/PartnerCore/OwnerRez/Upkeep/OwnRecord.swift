/// A record that is written again and again by whoever looks after a connection, one at a time: who has been stopped and
/// wakes up later finds that it was written meanwhile.
struct OwnRecord {
    /// What is there, as far as we know; nil for nothing.
    private(set) var record: Record?
    private let key: RecordKey
    private let store: RecordStore
    /// Whether we have written it since it was read: a store does not tell by which revision.
    private var isRevisionKnown = true

    init(
        _ key: RecordKey, _ schema: RecordSchema, in store: RecordStore, _ invocation: Invocation
    ) throws(UpkeepInterruption) {
        self.key = key
        self.store = store
        record = try keeping { () throws(StoreError) in
            let record = try store.get(key, in: invocation)
            if let record { try schema.check(record) }
            return record
        }
    }

    mutating func write(
        _ attributes: [String: String], expires: Timestamp? = nil, in invocation: Invocation
    ) throws(UpkeepInterruption) {
        if !isRevisionKnown { try readAgain(in: invocation) }
        do throws(StoreError) {
            try store.put(
                key, attributes, expires: expires, if: record.map { .ifRevision($0.revision) } ?? .ifAbsent,
                in: invocation)
        } catch {
            throw error == .conditionFailed ? .takenOver : .store(error)
        }
        record = Record(key: key, attributes: attributes, revision: 0, expires: expires)
        isRevisionKnown = false
    }

    private mutating func readAgain(in invocation: Invocation) throws(UpkeepInterruption) {
        let read = try keeping { () throws(StoreError) in try store.get(key, in: invocation) }
        guard let read, read.attributes == record?.attributes else { throw .takenOver }
        record = read
        isRevisionKnown = true
    }
}
