extension Connections {
    /// Of what belongs to accounts, a partition each; the connection is one of its records.
    static let accountPrefix = "ownerrez-account#"

    static func partition(account: Int) -> String { "\(accountPrefix)\(account)" }
    static func partition(subject: String) -> String { "ownerrez-user#\(subject)" }

    static let sort = "connection"

    static func key(account: Int) -> RecordKey {
        RecordKey(partition: partition(account: account), sort: sort)
    }

    static func key(subject: String, account: Int) -> RecordKey {
        RecordKey(partition: partition(subject: subject), sort: "\(account)")
    }

    func writes(_ connection: Connection, _ tokens: OwnerRezTokens, if condition: Condition) -> [Write] {
        let key = Self.key(account: connection.account.id)
        var attributes = connection.shown
        attributes["subject"] = connection.subject
        attributes["tokens"] = sealer.seal(tokens.secret, in: key)
        attributes["expires"] = tokens.expires?.attribute
        return [.put(key, attributes, if: condition), shown(connection)]
    }

    /// With the tokens as they are sealed, be the key known or not.
    func writes(_ stored: Stored, _ connection: Connection, refreshFailedAt: Timestamp?) -> [Write] {
        var attributes = connection.shown
        for name in ["subject", "tokens", "expires"] { attributes[name] = stored.attributes[name] }
        attributes["refreshFailedAt"] = refreshFailedAt?.attribute
        let key = Self.key(account: connection.account.id)
        return [.put(key, attributes, if: .ifRevision(stored.revision)), shown(connection)]
    }

    private func shown(_ connection: Connection) -> Write {
        .put(Self.key(subject: connection.subject, account: connection.account.id), connection.shown)
    }

    func tokens(in record: Record) -> Result<OwnerRezTokens, SealError> {
        do throws(SealError) {
            guard let sealed = record.attributes["tokens"] else { throw .notSealed }
            let expires = record.attributes["expires"].flatMap { Timestamp(attribute: $0) }
            return .success(try OwnerRezTokens(opened: sealer.open(sealed, in: record.key), expires: expires))
        } catch {
            return .failure(error)
        }
    }
}

extension Connection {
    /// Of the account's record and the user's, which are written together: that of the account tells what may be done with
    /// both.
    static let schema = RecordSchema(kind: "a connection's")

    /// What the account's record and the user's have in common.
    fileprivate var shown: [String: String] {
        var attributes = ["connectedAt": connectedAt.attribute]
        attributes["name"] = account.name
        attributes["scope"] = account.scope
        attributes["listedAt"] = listedAt?.attribute
        attributes["revokedAt"] = revokedAt?.attribute
        return attributes
    }

    init(_ record: Record, subject: String, account: String) throws(StoreError) {
        try Self.schema.check(record)
        guard let id = Int(account) else { throw .unreadable(reason: "a connection's account is no number") }
        self.subject = subject
        self.account = OwnerRezAccount(
            id: id, name: record.attributes["name"], scope: record.attributes["scope"])
        connectedAt = try record.time("connectedAt")
        revokedAt = record.attributes["revokedAt"].flatMap { Timestamp(attribute: $0) }
        listedAt = record.attributes["listedAt"].flatMap { Timestamp(attribute: $0) }
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
