/// One write as DynamoDB has it: a `Put` or `Delete` of a transaction, or the body of a `PutItem`.
struct DynamoDBWrite {
    let key: RecordKey
    /// Its name within a transaction.
    let operation: String
    /// Without the table's name.
    let request: JSON
    /// Of the record that it makes, and of no other ever; nil for a delete.
    let revision: Int?
    /// Whether it may go without a transaction's token: a repeat of it does no harm, and finds what it wrote before.
    ///
    /// Not so where a revision is the condition: when the answer was lost, somebody may have built on the write
    /// already, and reading back would not find it.
    let mayGoAlone: Bool

    /// - Parameter arrivals: what gives an append its sort key. DynamoDB has no sequence, nor a time of its own, that a
    ///   single call could put into an item.
    init(_ write: Write, _ arrivals: ArrivalClock, at now: Timestamp) {
        switch write {
        case .put(let key, let attributes, let expires, let condition):
            self.init(putting: key, attributes, expires: expires, if: condition, at: now)
        case .append(let partition, let attributes):
            let key = RecordKey(partition: partition, sort: arrivals.next(at: now))
            self.init(putting: key, attributes, expires: nil, if: .always, at: now)
        case .delete(let key, let condition):
            self.init(deleting: key, if: condition, at: now)
        }
    }

    private init(deleting key: RecordKey, if condition: Condition, at now: Timestamp) {
        self.key = key
        operation = "Delete"
        request = JSON.object([JSON.Member("Key", key.item)] + condition.members(at: now))
        revision = nil
        mayGoAlone = false
    }

    private init(
        putting key: RecordKey, _ attributes: [String: String], expires: Timestamp?, if condition: Condition,
        at now: Timestamp
    ) {
        let revision = randomRevision()
        let record = Record(key: key, attributes: attributes, revision: revision, expires: expires)
        self.key = key
        operation = "Put"
        request = JSON.object([JSON.Member("Item", record.item)] + condition.members(at: now))
        self.revision = revision
        if case .ifRevision = condition { mayGoAlone = false } else { mayGoAlone = true }
    }
}

extension Condition {
    /// The condition of a write, with the names and values in it. An expired record is absent.
    fileprivate func members(at now: Timestamp) -> [JSON.Member] {
        let isExpired = "#expiresAt <= :now"
        let isPresent = "(attribute_not_exists(#expiresAt) OR #expiresAt > :now)"
        let time = JSON.Member(":now", .dynamoDB(now.epochMilliseconds))
        switch self {
        case .always: return []
        case .ifAbsent:
            return [
                JSON.Member("ConditionExpression", .string("attribute_not_exists(#partition) OR \(isExpired)")),
                JSON.Member("ExpressionAttributeNames", ["#partition": "partition", "#expiresAt": "expiresAt"]),
                JSON.Member("ExpressionAttributeValues", .object([time])),
            ]
        case .ifRevision(let revision):
            return [
                JSON.Member("ConditionExpression", .string("#revision = :revision AND \(isPresent)")),
                JSON.Member("ExpressionAttributeNames", ["#revision": "revision", "#expiresAt": "expiresAt"]),
                JSON.Member(
                    "ExpressionAttributeValues", .object([JSON.Member(":revision", .dynamoDB(revision)), time])),
            ]
        }
    }
}
