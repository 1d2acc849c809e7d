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
    }

    private let store: RecordStore

    public init(_ store: RecordStore) { self.store = store }

    public func link(subject: String, in invocation: Invocation) throws(StoreError) -> UserLink? {
        guard let record = try store.get(Self.key(subject: subject), in: invocation) else { return nil }
        return UserLink(
            subject: subject, ownliUserID: try record.text("ownliUserId"), linkedAt: try record.time("linkedAt"))
    }

    /// Links both ways, or not at all. It may be repeated: after a crash, what was written before counts as linked.
    ///
    /// - Parameter intents: end with it.
    public func create(
        _ link: UserLink, ending intents: [CreationIntent] = [], in invocation: Invocation
    ) throws(StoreError) -> Outcome {
        let there = Write.put(
            Self.key(subject: link.subject),
            ["ownliUserId": link.ownliUserID, "linkedAt": link.linkedAt.attribute], if: .ifAbsent)
        let back = Write.put(Self.key(ownliUserID: link.ownliUserID), ["subject": link.subject], if: .ifAbsent)
        do throws(StoreError) {
            try store.transact([there, back] + intents.map { $0.ended }, in: invocation)
            return .linked(link)
        } catch {
            guard error == .conditionFailed else { throw error }
            return try whatStands(against: link, in: invocation)
        }
    }

    private func whatStands(against link: UserLink, in invocation: Invocation) throws(StoreError) -> Outcome {
        guard let standing = try self.link(subject: link.subject, in: invocation) else {
            // Links are never removed, so it was the other condition that failed.
            return .takenByAnother
        }
        // By bytes, as the store compares: Swift's `==` takes composed and decomposed letters for the same.
        let isSame = standing.ownliUserID.utf8.elementsEqual(link.ownliUserID.utf8)
        return isSame ? .linked(standing) : .alreadyLinked(standing)
    }

    private static func key(subject: String) -> RecordKey {
        RecordKey(partition: "link#\(subject)", sort: "ownli")
    }

    private static func key(ownliUserID: String) -> RecordKey {
        RecordKey(partition: "ownli-user#\(ownliUserID)", sort: "subject")
    }
}
