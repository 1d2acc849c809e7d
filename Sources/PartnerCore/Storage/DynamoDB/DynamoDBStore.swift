/// Records in one DynamoDB table: `partition` (hash key), `sort` (range key), TTL on `expires`.
///
/// Reads are strongly consistent. A call whose answer was lost is made again; a condition that then fails because of our
/// own first call is told apart by the revision, which is random, so that it counts as the success that it was.
public struct DynamoDBStore: Sendable {
    let client: AWSClient
    let table: String
    let clock: @Sendable () -> Timestamp

    init(
        table: String, reading settings: inout SettingsReader, clock: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        client = AWSClient(.dynamoDB, reading: &settings)
        self.table = table
        self.clock = clock
    }

    func get(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        let request: JSON = [
            "TableName": .string(table), "Key": DynamoDBItem.key(key), "ConsistentRead": true,
        ]
        guard let item = try call("GetItem", request, in: invocation).answer["Item"] else { return nil }
        let record = try DynamoDBItem.record(item)
        return record.isExpired(at: clock()) ? nil : record
    }

    func list(partition: String, in invocation: Invocation) throws(StoreError) -> [Record] {
        var request: JSON = [
            "TableName": .string(table), "ConsistentRead": true, "KeyConditionExpression": "#partition = :partition",
            "ExpressionAttributeNames": ["#partition": "partition"],
            "ExpressionAttributeValues": [":partition": DynamoDBItem.text(partition)],
        ]
        let firstPage = request
        var records: [Record] = []
        while true {
            let page = try call("Query", request, in: invocation).answer
            for item in page["Items"]?.array ?? [] { records.append(try DynamoDBItem.record(item)) }
            guard let last = page["LastEvaluatedKey"]?.present else { break }
            request = firstPage
            request.add("ExclusiveStartKey", last)
        }
        let now = clock()
        return records.filter { !$0.isExpired(at: now) }
    }

    func delete(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        let (answer, mayHaveHappenedBefore) = try call(
            "DeleteItem",
            ["TableName": .string(table), "Key": DynamoDBItem.key(key), "ReturnValues": "ALL_OLD"], in: invocation)
        guard let item = answer["Attributes"]?.present else {
            // Nothing there; or it was we who took it away, and what it was went with the lost answer.
            guard !mayHaveHappenedBefore else { throw .unavailable(reason: "the answer to a delete was lost") }
            return nil
        }
        let record = try DynamoDBItem.record(item)
        return record.isExpired(at: clock()) ? nil : record
    }

    func transact(_ writes: [Write], in invocation: Invocation) throws(StoreError) {
        let now = clock()
        let prepared = writes.map { PreparedWrite($0, table: table, now: now) }
        guard prepared.count != 1 else {
            return try write(prepared, prepared[0].operation, prepared[0].request, invocation)
        }
        guard !prepared.isEmpty else { return }
        let items = prepared.map { JSON.object([JSON.Member($0.kind, $0.request)]) }
        // The token makes a second call of the same transaction the first one (for 10 minutes).
        try write(
            prepared, "TransactWriteItems",
            ["TransactItems": .array(items), "ClientRequestToken": .string(randomID())], invocation)
    }

    private func write(
        _ writes: [PreparedWrite], _ operation: String, _ request: JSON, _ invocation: Invocation
    ) throws(StoreError) {
        var mayHaveHappenedBefore = false
        do throws(AWSError) {
            _ = try call(operation, request, in: invocation, &mayHaveHappenedBefore)
        } catch {
            let failure = StoreError(error)
            guard failure == .conditionFailed, mayHaveHappenedBefore,
                let put = writes.first(where: { $0.revision != nil }),
                try get(put.key, in: invocation)?.revision == put.revision
            else { throw failure }
        }
    }

    private func call(
        _ operation: String, _ request: JSON, in invocation: Invocation
    ) throws(StoreError) -> (answer: JSON, mayHaveHappenedBefore: Bool) {
        var mayHaveHappenedBefore = false
        do throws(AWSError) {
            return (try call(operation, request, in: invocation, &mayHaveHappenedBefore), mayHaveHappenedBefore)
        } catch { throw StoreError(error) }
    }

    /// - Parameter mayHaveHappenedBefore: becomes true when a call's answer was lost before another one was made.
    private func call(
        _ operation: String, _ request: JSON, in invocation: Invocation, _ mayHaveHappenedBefore: inout Bool
    ) throws(AWSError) -> JSON {
        var lost = false
        defer { mayHaveHappenedBefore = lost }
        return try retrying(in: invocation, tries: 5) { () throws(AWSError) in
            do throws(AWSError) {
                return try client.call("DynamoDB_20120810." + operation, request, in: invocation)
            } catch {
                lost = lost || error.mayHaveHappened
                throw error
            }
        }
    }
}

/// A write as DynamoDB's requests have it.
private struct PreparedWrite {
    let key: RecordKey
    let request: JSON
    /// Of a put: what it writes.
    let revision: Int?

    /// As a member of a transaction.
    var kind: String { revision == nil ? "Delete" : "Put" }
    var operation: String { kind + "Item" }

    init(_ write: Write, table: String, now: Timestamp) {
        key = write.key
        var request: JSON = ["TableName": .string(table)]
        let condition: DynamoDBCondition?
        switch write {
        case .put(let key, let attributes, let expires, let wanted):
            let revision = DynamoDBItem.newRevision()
            request.add("Item", DynamoDBItem.item(key, attributes, expires: expires, revision: revision))
            self.revision = revision
            condition = DynamoDBCondition(wanted, now: now)
        case .delete(let key, let wanted):
            request.add("Key", DynamoDBItem.key(key))
            revision = nil
            condition = DynamoDBCondition(wanted, now: now)
        }
        condition?.add(to: &request)
        self.request = request
    }
}

extension AWSError {
    /// Whether what was asked for may have been done although there is no success to show for it.
    fileprivate var mayHaveHappened: Bool {
        switch self {
        case .failing, .transactionInProgress, .unexpectedAnswer: true
        case .unreachable(let error): error != .couldNotConnect && error != .hostNotFound
        default: false
        }
    }
}

extension StoreError {
    fileprivate init(_ error: AWSError) {
        switch error {
        case .conditionFailed: self = .conditionFailed
        case .transactionCancelled(let reasons) where reasons.contains("ConditionalCheckFailed"):
            self = .conditionFailed
        case .unreachable(.timedOut): self = .timedOut
        default: self = .unavailable(reason: "DynamoDB: \(error.description)")
        }
    }
}
