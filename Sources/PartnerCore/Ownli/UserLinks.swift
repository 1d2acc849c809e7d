/// Which of our users is which of Ownli's. One to one: no Ownli user belongs to two of ours.
public struct UserLink: Sendable, Equatable {
    /// Our own user's id.
    public let subject: String
    public let ownliUserID: String
    public let linkedAt: Timestamp

    public init(subject: String, ownliUserID: String, linkedAt: Timestamp) {
        self.subject = subject
        self.ownliUserID = ownliUserID
        self.linkedAt = linkedAt
    }
}

public struct UserLinks: Sendable {
    private let store: RecordStore

    public init(_ store: RecordStore) { self.store = store }

    /// The user's link; nil when there is none.
    public func find(subject: String, in invocation: Invocation) throws(FunctionError) -> UserLink? {
        do throws(StoreError) {
            guard let record = try store.get(Self.key(subject: subject), in: invocation),
                let ownliUserID = record.attributes["ownliUserId"],
                let linkedAt = record.attributes["linkedAt"].flatMap({ Int($0) })
            else { return nil }
            return UserLink(
                subject: subject, ownliUserID: ownliUserID, linkedAt: Timestamp(epochMilliseconds: linkedAt))
        } catch { throw error.functionError }
    }

    /// Links both ways in one transaction.
    ///
    /// - Returns: the link that stands: this one, or the one that the user had already (our own, from a call that was
    ///   cut off, or from one at the same time).
    /// - Throws: 409 ALREADY_LINKED when the Ownli user belongs to another of our users.
    public func connect(_ link: UserLink, in invocation: Invocation) throws(FunctionError) -> UserLink {
        let linkedAt = "\(link.linkedAt.epochMilliseconds)"
        do throws(StoreError) {
            try store.transact(
                [
                    .put(
                        Self.key(subject: link.subject), ["ownliUserId": link.ownliUserID, "linkedAt": linkedAt],
                        if: .ifAbsent),
                    .put(
                        RecordKey("ownli-user#" + link.ownliUserID, "link"),
                        ["subject": link.subject, "linkedAt": linkedAt], if: .ifAbsent),
                ], in: invocation)
            return link
        } catch {
            guard error == .conditionFailed else { throw error.functionError }
        }
        if let standing = try find(subject: link.subject, in: invocation) { return standing }
        throw FunctionError(409, "ALREADY_LINKED", "This Ownli user is linked to another user of ours")
    }

    private static func key(subject: String) -> RecordKey { RecordKey("user#" + subject, "ownli-link") }
}
