/// That we are about to create a user at Ownli with contact data that nobody has verified. It is stored before the
/// call, and removed by a definite answer. So one that is left tells of an answer that was lost.
public struct CreationIntent: Sendable, Equatable {
    /// How long after its beginning an attempt may still make a user: three tries of ten seconds, the pauses between
    /// them, and time in which Ownli works on after we have given up.
    static let longestMilliseconds = 120_000

    let key: RecordKey
    /// By our own clock.
    public let begunAt: Timestamp

    /// It has expired, by everybody's clock, and counts as absent: nothing here needs the right to delete.
    var ended: Write {
        let dayBefore = begunAt.epochMilliseconds - CreationIntents.lifetimeSeconds * 1000
        return .put(key, [:], expires: Timestamp(epochMilliseconds: dayBefore))
    }

    /// Whether this attempt may have made the user. Who was there before it is somebody else, and so is who came when it
    /// had long been over. What Ownli dates to the second is compared to the second.
    ///
    /// - Parameter dateRegistered: Ownli's, in RFC 3339. What is missing or cannot be read proves nothing.
    public func mayHaveMade(userRegistered dateRegistered: String?) -> Bool {
        guard let text = dateRegistered, let registered = Timestamp(rfc3339: text) else { return false }
        let begun = text.utf8.contains(UInt8(ascii: ".")) ? begunAt : Timestamp(epochSeconds: begunAt.epochSeconds)
        let age = registered.epochMilliseconds - begun.epochMilliseconds
        return (0...Self.longestMilliseconds).contains(age)
    }
}

/// The intents that are open. The store holds a keyed hash of the contact data, never the data.
public struct CreationIntents: Sendable {
    /// For as long a person may come back after a lost answer, and have it made good.
    static let lifetimeSeconds = 86_400
    /// Of one person and one set of contact data. The newest may be left out, which only costs them a repeat.
    private static let most = 50

    private let store: RecordStore
    private let hash: IdentifierHash

    public init(_ store: RecordStore, _ hash: IdentifierHash) {
        self.store = store
        self.hash = hash
    }

    /// Each attempt has one of its own: of two at once neither ends the other's.
    ///
    /// - Parameter subject: our user's id, the claim `sub`.
    public func begin(
        _ user: NewOwnliUser, subject: String, at now: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> CreationIntent {
        let key = RecordKey(partition: Self.partition(subject), sort: prefix(user) + randomID())
        let expires = Timestamp(epochMilliseconds: now.epochMilliseconds + Self.lifetimeSeconds * 1000)
        try store.put(key, ["begunAt": now.attribute], expires: expires, if: .ifAbsent, in: invocation)
        return CreationIntent(key: key, begunAt: now)
    }

    public func end(_ intent: CreationIntent, in invocation: Invocation) throws(StoreError) {
        try store.transact([intent.ended], in: invocation)
    }

    /// Those of this person with this contact data.
    public func open(
        _ user: NewOwnliUser, subject: String, in invocation: Invocation
    ) throws(StoreError) -> [CreationIntent] {
        let prefix = prefix(user)
        var intents: [CreationIntent] = []
        let records = try store.list(
            partition: Self.partition(subject), after: prefix, limit: Self.most, in: invocation)
        for record in records where record.key.sort.utf8.starts(with: prefix.utf8) {
            intents.append(CreationIntent(key: record.key, begunAt: try record.time("begunAt")))
        }
        return intents
    }

    /// All of a person's, whatever contact data they are about.
    static func all(of subject: String, in store: RecordStore, _ invocation: Invocation) throws(StoreError) -> [Record]
    {
        try store.list(partition: partition(subject), in: invocation)
    }

    private static func partition(_ subject: String) -> String { "ownli-intent#\(subject)" }

    private func prefix(_ user: NewOwnliUser) -> String {
        hash.hash([user.phone, lowercasedASCII(user.email ?? "")], for: "contact") + "#"
    }
}

/// Mail servers do not mind the case, and people type it either way.
private func lowercasedASCII(_ text: String) -> String {
    String(decoding: text.utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
}
