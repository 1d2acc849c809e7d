/// That a user of ours has connected an account of OwnerRez's.
public struct Connection: Sendable, Equatable {
    /// Our user's id: the claim `sub`.
    public let subject: String
    public let account: OwnerRezAccount
    /// When the exchange for the token began, by our own clock: what was revoked before that was another token.
    public let connectedAt: Timestamp
    /// Since when OwnerRez refuses it for good: nothing is called with it any more. It stays until somebody ends it.
    public internal(set) var revokedAt: Timestamp?
    /// Since when schedules know of it; nil while the records are those of a build that had none.
    var listedAt: Timestamp?

    /// Whether it is the same one, whatever has become of it.
    func isSame(as other: Connection) -> Bool {
        subject == other.subject && account.id == other.account.id && connectedAt == other.connectedAt
    }
}

/// Who has connected which account. An account belongs to one user of ours; a user may have several accounts.
///
///     ownerrez-account#ID     connection   subject, connectedAt, name, scope, tokens (sealed), expires, listedAt,
///                                          revokedAt: OwnerRez refuses it; refreshFailedAt: it refuses to renew it
///     ownerrez-account#ID     revoked      receivedAt; for an hour
///     ownerrez-user#SUBJECT   ID           connectedAt, name, scope, listedAt, revokedAt
///     ownerrez-connections    ID           as ConnectionSchedule has it: one for each connection
///
/// Whatever becomes of a connection is told by an event (`ConnectionChange`), which one transaction writes with the change
/// itself: neither is there without the other. Connecting anew leaves no revokedAt and no refreshFailedAt.
public struct Connections: Sendable {
    enum Outcome {
        /// The tokens that were there before, if they could be opened, and the record that is there now.
        case saved(replacing: OwnerRezTokens?)
        /// The account is another user's; with that connection's tokens.
        case belongsToAnother(OwnerRezTokens?)
    }

    /// A connection as it is stored.
    struct Stored {
        let connection: Connection
        let tokens: Result<OwnerRezTokens, SealError>
        /// Since when OwnerRez refuses to renew the tokens.
        let refreshFailedAt: Timestamp?
        let revision: Int
        /// With the tokens as they are sealed.
        let attributes: [String: String]
    }

    let store: RecordStore
    let sealer: TokenSealer
    let schedule: ConnectionSchedule
    let now: @Sendable () -> Timestamp

    public init(
        _ store: RecordStore, _ sealer: TokenSealer, now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.store = store
        self.sealer = sealer
        schedule = ConnectionSchedule(store, now: now)
        self.now = now
    }

    /// All of a user's, by the accounts' ids.
    public func all(subject: String, in invocation: Invocation) throws(StoreError) -> [Connection] {
        let connections = try ConnectionList(store).all(subject: subject, in: invocation)
        for connection in connections where connection.listedAt == nil {
            if let stored = try stored(account: connection.account.id, in: invocation),
                stored.connection.isSame(as: connection)
            {
                try enlist(stored, in: invocation)
            }
        }
        return connections
    }

    func stored(account: Int, in invocation: Invocation) throws(StoreError) -> Stored? {
        let key = Self.key(account: account)
        guard let record = try store.get(key, in: invocation) else { return nil }
        let connection = try Connection(record, subject: record.text("subject"), account: "\(account)")
        return Stored(
            connection: connection, tokens: tokens(in: record),
            refreshFailedAt: record.attributes["refreshFailedAt"].flatMap { Timestamp(attribute: $0) },
            revision: record.revision, attributes: record.attributes)
    }

    /// Stores a connection, or puts a new one in the place of the same user's earlier one, or of one that OwnerRez refuses
    /// for good: it keeps nobody out who has access to the account.
    func save(
        _ connection: Connection, _ tokens: OwnerRezTokens, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        while true {
            let before = try stored(account: connection.account.id, in: invocation)
            let tokensBefore = try? before?.tokens.get()
            let another = before.flatMap {
                $0.connection.subject.utf8.elementsEqual(connection.subject.utf8) ? nil : $0.connection
            }
            if let another, another.revokedAt == nil { return .belongsToAnother(tokensBefore) }
            var connection = connection
            connection.listedAt = before?.connection.listedAt ?? now()
            let isAgain = before != nil && another == nil
            let ending = another.map { Write.delete(Self.key(subject: $0.subject, account: $0.account.id)) }
            do throws(StoreError) {
                try store.transact(
                    writes(connection, tokens, if: before.map { .ifRevision($0.revision) } ?? .ifAbsent) + [
                        schedule.listing(connection, in: invocation),
                        connection.event(isAgain ? .reconnected : .connected),
                    ] + (ending.map { [$0] } ?? []), in: invocation)
                return .saved(replacing: tokensBefore)
            } catch {
                // Somebody was faster: what stands now decides.
                guard error == .conditionFailed else { throw error }
            }
        }
    }
}

extension Connections {
    /// How long a revocation is remembered for those who are just connecting the account.
    private static let revocationSeconds = 3600

    /// That OwnerRez said, at this time by our clock, that an account was disconnected.
    static func revocation(of account: Int, at time: Timestamp) -> Write {
        .put(
            RecordKey(partition: partition(account: account), sort: "revoked"), ["receivedAt": time.attribute],
            expires: Timestamp(epochSeconds: time.epochSeconds + revocationSeconds))
    }

    /// When OwnerRez last said so; nil when that is long ago, or never was.
    func lastRevocation(of account: Int, in invocation: Invocation) throws(StoreError) -> Timestamp? {
        let key = RecordKey(partition: Self.partition(account: account), sort: "revoked")
        return try store.get(key, in: invocation).map { (record) throws(StoreError) in
            try record.time("receivedAt")
        }
    }
}
