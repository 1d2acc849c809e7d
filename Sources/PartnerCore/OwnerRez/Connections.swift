/// That a user of ours has connected an account of OwnerRez's.
public struct Connection: Sendable, Equatable {
    /// Our user's id: the claim `sub`.
    public let subject: String
    public let account: OwnerRezAccount
    /// When the exchange for the token began, by our own clock: what was revoked before that was another token.
    public let connectedAt: Timestamp
}

/// Who has connected which account. An account belongs to one user of ours; a user may have several accounts.
///
///     ownerrez-account#ID     connection   subject, connectedAt, name, scope, tokens (sealed), expires
///     ownerrez-account#ID     revoked      receivedAt; for an hour
///     ownerrez-user#SUBJECT   ID           connectedAt, name, scope
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
        let revision: Int
    }

    private let store: RecordStore
    private let sealer: TokenSealer

    public init(_ store: RecordStore, _ sealer: TokenSealer) {
        self.store = store
        self.sealer = sealer
    }

    /// All of a user's, by the accounts' ids.
    public func all(subject: String, in invocation: Invocation) throws(StoreError) -> [Connection] {
        var connections: [Connection] = []
        for record in try store.list(partition: Self.partition(subject: subject), in: invocation) {
            connections.append(try Self.connection(record, subject: subject, account: record.key.sort))
        }
        return connections
    }

    func stored(account: Int, in invocation: Invocation) throws(StoreError) -> Stored? {
        let key = Self.key(account: account)
        guard let record = try store.get(key, in: invocation) else { return nil }
        let connection = try Self.connection(record, subject: record.text("subject"), account: "\(account)")
        return Stored(connection: connection, tokens: tokens(in: record), revision: record.revision)
    }

    /// Stores a connection, or puts a new one in the place of the same user's earlier one.
    func save(
        _ connection: Connection, _ tokens: OwnerRezTokens, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        while true {
            let before = try stored(account: connection.account.id, in: invocation)
            let tokensBefore = try? before?.tokens.get()
            if let before, !before.connection.subject.utf8.elementsEqual(connection.subject.utf8) {
                return .belongsToAnother(tokensBefore)
            }
            do throws(StoreError) {
                try store.transact(
                    writes(connection, tokens, if: before.map { .ifRevision($0.revision) } ?? .ifAbsent),
                    in: invocation)
                return .saved(replacing: tokensBefore)
            } catch {
                // Somebody was faster: what stands now decides.
                guard error == .conditionFailed else { throw error }
            }
        }
    }

    /// Replaces the tokens of a connection that nobody has changed meanwhile.
    func update(_ stored: Stored, _ tokens: OwnerRezTokens, in invocation: Invocation) throws(StoreError) {
        try store.transact(writes(stored.connection, tokens, if: .ifRevision(stored.revision)), in: invocation)
    }

    /// Removes a connection that nobody has changed meanwhile.
    func remove(_ stored: Stored, in invocation: Invocation) throws(StoreError) {
        let connection = stored.connection
        try store.transact(
            [
                .delete(Self.key(account: connection.account.id), if: .ifRevision(stored.revision)),
                .delete(Self.key(subject: connection.subject, account: connection.account.id)),
            ], in: invocation)
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

extension Connections {
    private static func partition(account: Int) -> String { "ownerrez-account#\(account)" }
    private static func partition(subject: String) -> String { "ownerrez-user#\(subject)" }

    private static func key(account: Int) -> RecordKey {
        RecordKey(partition: partition(account: account), sort: "connection")
    }

    private static func key(subject: String, account: Int) -> RecordKey {
        RecordKey(partition: partition(subject: subject), sort: "\(account)")
    }

    private static func connection(
        _ record: Record, subject: String, account: String
    ) throws(StoreError) -> Connection {
        guard let id = Int(account) else { throw .unavailable(reason: "a connection's account is no number") }
        let account = OwnerRezAccount(id: id, name: record.attributes["name"], scope: record.attributes["scope"])
        return Connection(subject: subject, account: account, connectedAt: try record.time("connectedAt"))
    }

    private func writes(_ connection: Connection, _ tokens: OwnerRezTokens, if condition: Condition) -> [Write] {
        let account = connection.account
        var shown = ["connectedAt": connection.connectedAt.attribute]
        shown["name"] = account.name
        shown["scope"] = account.scope
        let key = Self.key(account: account.id)
        var attributes = shown
        attributes["subject"] = connection.subject
        attributes["tokens"] = sealer.seal(tokens.secret, in: key)
        attributes["expires"] = tokens.expires?.attribute
        return [
            .put(key, attributes, if: condition),
            .put(Self.key(subject: connection.subject, account: account.id), shown),
        ]
    }

    private func tokens(in record: Record) -> Result<OwnerRezTokens, SealError> {
        do throws(SealError) {
            guard let sealed = record.attributes["tokens"] else { throw .notSealed }
            let expires = record.attributes["expires"].flatMap { Int($0) }
            return .success(
                try OwnerRezTokens(
                    opened: sealer.open(sealed, in: record.key),
                    expires: expires.map { Timestamp(epochMilliseconds: $0) }))
        } catch {
            return .failure(error)
        }
    }
}

extension OwnerRezTokens {
    /// Both in one, as they are sealed: a JSON array.
    fileprivate var secret: Secret {
        let both = [access] + (refresh.map { [$0] } ?? [])
        return Secret(String(decoding: JSON.array(both.map { .string($0.reveal()) }).text, as: UTF8.self))
    }

    fileprivate init(opened secret: Secret, expires: Timestamp?) throws(SealError) {
        let both = (try? JSON.parse(Array(secret.reveal().utf8)))?.array?.compactMap { $0.string } ?? []
        guard (1...2).contains(both.count) else { throw .notSealed }
        access = Secret(both[0])
        refresh = both.count == 2 ? Secret(both[1]) : nil
        self.expires = expires
    }
}
