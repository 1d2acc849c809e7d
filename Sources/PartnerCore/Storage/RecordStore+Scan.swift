/// A part of what is in a store.
public struct RecordPage: Sendable, Equatable {
    public let records: [Record]
    /// Where the next page begins; nil at the end.
    public let next: RecordKey?

    init(records: [Record], next: RecordKey?) {
        self.records = records
        self.next = next
    }
}

extension RecordStore {
    /// The records whose partition begins with a prefix, in an order of the backend's own. A record that stands while
    /// all pages are read is in one of them; others may be in one or in none, and in two where they are deleted and made
    /// anew. One that cannot be read has the attribute `Record.unreadable` alone.
    ///
    /// It reads the whole store over DynamoDB and Firestore, whatever the prefix, and is for tools of operators, never on
    /// a request's path. A `dynamodb:Scan` has to be allowed there.
    ///
    /// - Parameters:
    ///   - prefix: of the partition's bytes; empty for everything.
    ///   - last: where the page before said that this one begins.
    ///   - limit: of how many records there are at most in a page, from 1. A page may hold fewer, or none, and not be the
    ///     last.
    public func scan(
        prefix: String, after last: RecordKey? = nil, limit: Int, in invocation: Invocation
    ) throws(StoreError) -> RecordPage {
        if !prefix.isEmpty { try RecordKey.check(prefix) }
        try last?.check()
        switch self {
        case .sqlite(let store): return try store.scan(prefix: prefix, after: last, limit: limit, in: invocation)
        case .dynamoDB(let store): return try store.scan(prefix: prefix, after: last, limit: limit, in: invocation)
        case .firestore(let store): return try store.scan(prefix: prefix, after: last, limit: limit, in: invocation)
        case .notOpened: throw .unavailable(reason: "the store was not opened")
        }
    }
}
