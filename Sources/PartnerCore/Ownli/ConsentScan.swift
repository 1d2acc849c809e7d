/// What everybody has agreed to and withdrawn, person by person, in no order: for operators. All records of the store are
/// passed on the way, a page at a time.
///
/// The records of a partition come one behind the other in every backend, so that a person is done when the next one comes.
public struct ConsentScan: Sendable {
    private let store: RecordStore
    private var page: ArraySlice<Record> = []
    private var next: RecordKey?
    private var isAtEnd = false

    /// What was found of one person; not the history, where a record of it cannot be read.
    public struct Person: Sendable {
        public let subject: String
        public let history: Result<ConsentHistory, UnreadableConsents>
    }

    /// Why it cannot. It holds nothing of the record.
    public struct UnreadableConsents: Error {
        public let reason: String
    }

    public init(_ store: RecordStore) { self.store = store }

    private static let pageSize = 500

    /// - Parameter invocation: one for each page.
    /// - Returns: nil after the last one.
    public mutating func person(in invocation: () -> Invocation) throws(StoreError) -> Person? {
        var records: [Record] = []
        while let record = try first(in: invocation) {
            guard records.isEmpty || record.key.partition == records[0].key.partition else { break }
            records.append(record)
            page.removeFirst()
        }
        guard let partition = records.first?.key.partition else { return nil }
        let subject = ConsentHistory.subject(of: partition)
        do throws(StoreError) {
            return Person(subject: subject, history: .success(try ConsentHistory(records, of: subject)))
        } catch {
            return Person(subject: subject, history: .failure(UnreadableConsents(reason: error.reason)))
        }
    }

    private mutating func first(in invocation: () -> Invocation) throws(StoreError) -> Record? {
        while page.isEmpty, !isAtEnd {
            let found = try store.scan(
                prefix: ConsentHistory.partition(""), after: next, limit: Self.pageSize, in: invocation())
            page = found.records[...]
            next = found.next
            isAtEnd = found.next == nil
        }
        return page.first
    }
}
