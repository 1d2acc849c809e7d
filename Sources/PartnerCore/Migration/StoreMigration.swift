/// Brings what earlier builds have written to the shape in which this one writes, record by record, page by page.
///
/// It may be killed anywhere, and run again from the beginning. Each record takes one transaction, or several, each of
/// which leaves a record that can be read. What has been done is found as done. It may run beside functions of this
/// build. Those of an earlier one have to be gone before: they would go on to write as they did.
public struct StoreMigration: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Listed by user, and with an end.
        case rewards
        /// With their period; with an end where they were withdrawn.
        case consents
        /// With an end.
        case keptEvents
        case givenUpEvents
    }

    /// What became of the records of a kind.
    public struct Count: Sendable, Equatable {
        public internal(set) var migrated = 0
        /// Their time was over.
        public internal(set) var removed = 0

        public var all: Int { migrated + removed }
    }

    /// Nothing is changed: all is counted as if it were.
    public var isDryRun = false
    public private(set) var isDone = false
    /// How many records have been looked at.
    public private(set) var seen = 0
    /// How many could not be read; and those of the last step.
    public private(set) var unreadableCount = 0
    public private(set) var unreadable: [UnreadableRecord] = []
    /// How many were changed by others again and again, and are left to another run.
    public private(set) var left = 0
    private var counts = [Count](repeating: Count(), count: Kind.allCases.count)
    private var last: RecordKey?

    private let store: RecordStore
    private let consents: Consents
    private let auditRetention: Retention
    private let consentRetention: Retention
    private let eventRetention: EventRetention
    private let now: @Sendable () -> Timestamp

    private static let pageSize = 100
    private static let attempts = 5

    public init(reading settings: inout SettingsReader, _ store: RecordStore) {
        self.init(
            store, auditFor: RewardEntry.retention(reading: &settings),
            consentsFor: Withdrawal.retention(reading: &settings), eventsFor: EventRetention(reading: &settings))
    }

    init(
        _ store: RecordStore, auditFor audit: Retention, consentsFor consents: Retention,
        eventsFor events: EventRetention,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.store = store
        self.consents = Consents(store)
        auditRetention = audit
        consentRetention = consents
        eventRetention = events
        self.now = now
    }

    public func count(_ kind: Kind) -> Count { counts[kind.index] }

    /// Takes a page of the store, until `isDone`.
    public mutating func step(in invocation: Invocation) throws(StoreError) {
        unreadable = []
        let page = try store.scan(prefix: "", after: last, limit: Self.pageSize, in: invocation)
        for record in page.records { try take(record, in: invocation) }
        seen += page.records.count
        last = page.next
        isDone = page.next == nil
    }

    private mutating func take(_ record: Record, in invocation: Invocation) throws(StoreError) {
        var record = record
        for _ in 0..<Self.attempts {
            switch try plan(for: record, in: invocation) {
            case .nothing: return
            case .unreadable(let reason):
                unreadableCount += 1
                unreadable.append(UnreadableRecord(key: record.key, reason: reason))
                return
            case .migration(let migration, let kind):
                do throws(StoreError) {
                    if !isDryRun {
                        for writes in migration.transactions { try store.transact(writes, in: invocation) }
                    }
                    if migration.isRemoval { counts[kind.index].removed += 1 } else { counts[kind.index].migrated += 1 }
                    return
                } catch {
                    guard error == .conditionFailed else { throw error }
                }
            }
            // Somebody else has written it: what stands now decides.
            guard let standing = try store.get(record.key, in: invocation) else { return }
            record = standing
        }
        left += 1
    }
}

extension StoreMigration {
    private enum Plan {
        case nothing
        case migration(RecordMigration, Kind)
        case unreadable(reason: String)
    }

    private func plan(for record: Record, in invocation: Invocation) throws(StoreError) -> Plan {
        guard record.attributes[Record.unreadable] == nil else {
            return .unreadable(reason: "it is in no form of ours")
        }
        let now = now()
        switch record.key.partition {
        case EventInbox.kept, EventInbox.givenUp:
            let kind = record.key.partition == EventInbox.kept ? Kind.keptEvents : .givenUpEvents
            return reading(kind) { () throws(StoreError) in
                try EventInbox.migration(of: record, keptFor: eventRetention, at: now)
            }
        case let partition where partition.hasPrefix("reward#"):
            return reading(.rewards) { () throws(StoreError) in
                try RewardEntry.migration(of: record, keptFor: auditRetention, at: now)
            }
        default:
            guard let subject = ConsentHistory.subject(of: record.key) else { return .nothing }
            // All that a withdrawal ends goes with it.
            let isEnding = Withdrawal.isKey(record.key) && record.expires == nil
            let all = isEnding ? try consents.records(subject: subject, in: invocation) : []
            return reading(.consents) { () throws(StoreError) in
                try ConsentHistory.migration(of: record, among: all, keptFor: consentRetention, at: now)
            }
        }
    }

    private func reading(_ kind: Kind, _ work: () throws(StoreError) -> RecordMigration?) -> Plan {
        do throws(StoreError) { return try work().map { .migration($0, kind) } ?? .nothing } catch {
            return .unreadable(reason: error.reason)
        }
    }
}

extension StoreMigration.Kind {
    fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
