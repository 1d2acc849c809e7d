/// Seals every stored token again under the first key, so that the others may go: of all accounts, whether the schedule
/// knows of them or not.
///
/// It may be killed anywhere, run again, and run beside functions: each token is one write that finds the record as it was
/// read. A function that still has another key first goes on to seal with that one.
public struct TokenReseal: Sendable {
    /// An account whose token is left as it is, and why.
    public struct Unreadable: Sendable, Equatable {
        public let account: String
        public let reason: String
    }

    /// Nothing is changed: all is counted as if it were.
    public var isDryRun = false
    public private(set) var isDone = false
    public private(set) var resealed = 0
    /// Under the first key before.
    public private(set) var sealedBefore = 0
    /// How many do not open; and those of the last step.
    public private(set) var unreadableCount = 0
    public private(set) var unreadable: [Unreadable] = []
    /// How many were changed by others again and again, and are left to another run.
    public private(set) var left = 0
    private var last: RecordKey?

    private let store: RecordStore
    private let sealer: TokenSealer

    /// A backend that looks at all records, whatever the prefix, counts them too.
    private static let pageSize = 250
    private static let attempts = 5

    public init(_ store: RecordStore, _ sealer: TokenSealer) {
        self.store = store
        self.sealer = sealer
    }

    /// Takes a page of the accounts, until `isDone`.
    public mutating func step(in invocation: Invocation) throws(StoreError) {
        unreadable = []
        let page = try store.scan(
            prefix: Connections.accountPrefix, after: last, limit: Self.pageSize, in: invocation)
        for record in page.records where record.key.sort == Connections.sort {
            try take(record, in: invocation)
        }
        last = page.next
        isDone = page.next == nil
    }

    private mutating func take(_ record: Record, in invocation: Invocation) throws(StoreError) {
        var record = record
        for _ in 0..<Self.attempts {
            let attributes: [String: String]?
            do throws(StoreError) { attributes = try resealed(record) } catch {
                unreadableCount += 1
                let account = record.key.partition.dropFirst(Connections.accountPrefix.count)
                unreadable.append(Unreadable(account: String(account), reason: error.reason))
                return
            }
            guard let attributes else {
                sealedBefore += 1
                return
            }
            do throws(StoreError) {
                if !isDryRun {
                    try store.put(
                        record.key, attributes, expires: record.expires, if: .ifRevision(record.revision),
                        in: invocation)
                }
                resealed += 1
                return
            } catch {
                guard error == .conditionFailed else { throw error }
            }
            // It was renewed, say, or ended.
            guard let standing = try store.get(record.key, in: invocation) else { return }
            record = standing
        }
        left += 1
    }

    /// - Returns: nil for what is under the first key, and opens.
    private func resealed(_ record: Record) throws(StoreError) -> [String: String]? {
        guard record.attributes[Record.unreadable] == nil else {
            throw .unreadable(reason: "the record is in no form of ours")
        }
        try Connection.schema.check(record)
        let sealed = try record.text("tokens")
        let secret: Secret
        do throws(SealError) { secret = try sealer.open(sealed, in: record.key) } catch {
            throw .unreadable(reason: error.description)
        }
        guard !sealer.isUnderFirstKey(sealed) else { return nil }
        var attributes = record.attributes
        attributes["tokens"] = sealer.seal(secret, in: record.key)
        return attributes
    }
}
