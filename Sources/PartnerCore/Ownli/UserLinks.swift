/// That a user of ours is a user of Ownli's.
public struct UserLink: Sendable, Equatable {
    /// Our user's id: the claim `sub`.
    public let subject: String
    public let ownliUserID: String
    public let linkedAt: Timestamp

    public init(subject: String, ownliUserID: String, linkedAt: Timestamp) {
        self.subject = subject
        self.ownliUserID = ownliUserID
        self.linkedAt = linkedAt
    }
}

/// Which of our users is which of Ownli's: each of ours has at most one of theirs, and the other way round.
public struct UserLinks: Sendable {
    public enum Outcome: Sendable, Equatable {
        /// The link that is stored; an earlier one between the same two keeps its time.
        case linked(UserLink)
        /// Our user has a link to another Ownli user already, and that one stands.
        case alreadyLinked(UserLink)
        /// The Ownli user is linked to another user of ours.
        case takenByAnother
        /// Our user has withdrawn what they had agreed to. Nothing was stored.
        case withdrawn
    }

    private let store: RecordStore
    /// Of both records of a link.
    private static let schema = RecordSchema(kind: "a link's")

    public init(_ store: RecordStore) { self.store = store }

    public func link(subject: String, in invocation: Invocation) throws(StoreError) -> UserLink? {
        guard let record = try store.get(Self.key(subject: subject), in: invocation) else { return nil }
        try Self.schema.check(record)
        return UserLink(
            subject: subject, ownliUserID: try record.text("ownliUserId"), linkedAt: try record.time("linkedAt"))
    }

    /// The link of whoever is a user of Ownli's.
    func link(ownliUserID: String, in invocation: Invocation) throws(StoreError) -> UserLink? {
        guard let back = try store.get(Self.key(ownliUserID: ownliUserID), in: invocation),
            let link = try link(subject: back.text("subject"), in: invocation), link.ownliUserID == ownliUserID
        else { return nil }
        return link
    }

    /// Of whom a record says that they are a user of Ownli's; nil for any other record.
    static func way(back record: Record) -> (ownliUserID: String, subject: String)? {
        guard let ownliUserID = record.key.partition.rest(after: waysBack), let subject = record.attributes["subject"]
        else { return nil }
        return (ownliUserID, subject)
    }

    /// Links both ways, or not at all. It may be repeated: after a crash, what was written before counts as linked.
    ///
    /// - Parameters:
    ///   - history: what they had agreed to when this began. Once they have withdrawn it they are not linked any more.
    ///   - intents: end with it.
    public func create(
        _ link: UserLink, agreedIn history: ConsentHistory, ending intents: [CreationIntent] = [],
        in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        do throws(StoreError) {
            let writes = Self.writes(link) + [history.isNotWithdrawn(at: link.linkedAt)] + intents.map { $0.ended }
            try store.transact(writes, in: invocation)
            return .linked(link)
        } catch {
            guard error == .conditionFailed else { throw error }
            return try whatStands(against: link, agreedIn: history, in: invocation)
        }
    }

    /// A new link, both ways.
    static func writes(_ link: UserLink) -> [Write] {
        [
            .put(
                key(subject: link.subject),
                ["ownliUserId": link.ownliUserID, "linkedAt": link.linkedAt.attribute], if: .ifAbsent),
            .put(key(ownliUserID: link.ownliUserID), ["subject": link.subject], if: .ifAbsent),
        ]
    }

    /// Whether a user of ours is linked to this one of Ownli's.
    func isTaken(ownliUserID: String, in invocation: Invocation) throws(StoreError) -> Bool {
        try store.get(Self.key(ownliUserID: ownliUserID), in: invocation) != nil
    }

    private func whatStands(
        against link: UserLink, agreedIn history: ConsentHistory, in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        guard let standing = try self.link(subject: link.subject, in: invocation) else {
            let withdrawal = Withdrawal.key(subject: history.subject, period: history.period)
            guard try store.get(withdrawal, in: invocation) == nil else { return .withdrawn }
            // Their own link may have stood in the way, and have been ended since. Then a repeat finds nothing there.
            guard try isTaken(ownliUserID: link.ownliUserID, in: invocation) else { throw .conditionFailed }
            return .takenByAnother
        }
        // By bytes, as the store compares: Swift's `==` takes composed and decomposed letters for the same.
        let isSame = standing.ownliUserID.utf8.elementsEqual(link.ownliUserID.utf8)
        return isSame ? .linked(standing) : .alreadyLinked(standing)
    }

    /// Takes a link away, both ways, and leaves alone what they agreed to: for an operator who knows that it is wrong.
    ///
    /// - Returns: false when it does not stand any more; then nothing has changed.
    public func end(_ link: UserLink, in invocation: Invocation) throws(StoreError) -> Bool {
        while true {
            let unlinking = try unlinking(subject: link.subject, in: invocation)
            guard unlinking.ownliUserID?.utf8.elementsEqual(link.ownliUserID.utf8) == true else { return false }
            do throws(StoreError) {
                try store.transact(unlinking.writes, in: invocation)
                return true
            } catch {
                guard error == .conditionFailed else { throw error }
            }
        }
    }

    /// What takes a link away, both ways, or makes sure that there is none.
    struct Unlinking {
        /// Whom they are linked to; nil when they are not.
        let ownliUserID: String?
        /// Their conditions hold as long as the link is as it was read.
        let writes: [Write]
    }

    func unlinking(subject: String, in invocation: Invocation) throws(StoreError) -> Unlinking {
        let key = Self.key(subject: subject)
        guard let there = try store.get(key, in: invocation) else {
            return Unlinking(ownliUserID: nil, writes: [.delete(key, if: .ifAbsent)])
        }
        try Self.schema.check(there)
        let ownliUserID = try there.text("ownliUserId")
        var writes = [Write.delete(key, if: .ifRevision(there.revision))]
        // The way back is theirs, as both are written at once; what is somebody else's stays.
        if let back = try store.get(Self.key(ownliUserID: ownliUserID), in: invocation),
            back.attributes["subject"]?.utf8.elementsEqual(subject.utf8) == true
        {
            try Self.schema.check(back)
            writes.append(.delete(back.key, if: .ifRevision(back.revision)))
        }
        return Unlinking(ownliUserID: ownliUserID, writes: writes)
    }

    private static func key(subject: String) -> RecordKey {
        RecordKey(partition: "link#\(subject)", sort: "ownli")
    }

    private static func key(ownliUserID: String) -> RecordKey {
        RecordKey(partition: waysBack + ownliUserID, sort: "subject")
    }

    private static let waysBack = "ownli-user#"
}
