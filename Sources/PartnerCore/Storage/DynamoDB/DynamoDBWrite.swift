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

    init(_ write: Write, at now: Timestamp) {
        key = write.key
        switch write {
        case .put(let key, let attributes, let expires, let condition):
            let revision = randomRevision()
            let record = Record(key: key, attributes: attributes, revision: revision, expires: expires)
            operation = "Put"
            request = JSON.object([JSON.Member("Item", record.item)] + condition.members(at: now))
            self.revision = revision
            if case .ifRevision = condition { mayGoAlone = false } else { mayGoAlone = true }
        case .delete(let key, let condition):
            operation = "Delete"
            request = JSON.object([JSON.Member("Key", key.item)] + condition.members(at: now))
            revision = nil
            mayGoAlone = false
        }
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
