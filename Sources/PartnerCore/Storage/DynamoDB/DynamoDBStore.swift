/// Records in one table of Amazon DynamoDB, which any number of processes share.
///
/// The table has the hash key `partition` and the range key `sort`, both strings, and `expires` as its TTL attribute.
/// Reads are strongly consistent. Expired records are absent at once; DynamoDB removes them within a few days.
public struct DynamoDBStore: Sendable {
    /// DynamoDB throttles and reports conflicts for moments only, and has nobody wait in line.
    private static let tries = 6

    let client: AWSClient
    let table: String
    private let clock: @Sendable () -> Timestamp
    private let arrivals = ArrivalClock()

    init(
        table: String, reading settings: inout SettingsReader,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        client = AWSClient(.dynamoDB, reading: &settings)
        self.table = table
        self.clock = clock
    }

    var peerClock: PeerClock { client.peerClock }
    var time: Timestamp { peerClock.time(at: clock()) }

    func get(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        let answer = try call("GetItem", ["Key": key.item, "ConsistentRead": true], in: invocation)
        return try answer["Item"].map { (item) throws(StoreError) in try Record(item: item) }.flatMap(present)
    }

    /// A page has up to 1 MB, and says where the next one begins.
    func list(
        partition: String, after start: String?, limit: Int?, in invocation: Invocation
    ) throws(StoreError) -> [Record] {
        var query: JSON = [
            "KeyConditionExpression": "#partition = :partition",
            "ExpressionAttributeNames": ["#partition": "partition"],
            "ExpressionAttributeValues": [":partition": .dynamoDB(partition)], "ConsistentRead": true,
        ]
        if let start {
            query.set("KeyConditionExpression", "#partition = :partition AND #sort > :start")
            query.set("ExpressionAttributeNames", ["#partition": "partition", "#sort": "sort"])
            query.set(
                "ExpressionAttributeValues", [":partition": .dynamoDB(partition), ":start": .dynamoDB(start)])
        }
        query.add("Limit", limit.map { .integer($0) })
        var records: [Record] = []
        while true {
            let answer = try call("Query", query, in: invocation)
            for item in answer["Items"]?.array ?? [] {
                if let record = present(try Record(listed: item)) { records.append(record) }
            }
            // Expired records count against DynamoDB's limit, so that a page may hold fewer than there are.
            if let limit, records.count >= limit { return Array(records.prefix(limit)) }
            guard let next = answer["LastEvaluatedKey"]?.present else { return records }
            query.set("ExclusiveStartKey", next)
        }
    }

    /// DynamoDB counts what it has looked at against the limit, whether it is of the prefix or not.
    func scan(
        prefix: String, after last: RecordKey?, limit: Int, in invocation: Invocation
    ) throws(StoreError) -> RecordPage {
        var request: JSON = ["ConsistentRead": true, "Limit": .integer(limit)]
        if !prefix.isEmpty {
            request.add("FilterExpression", "begins_with(#partition, :prefix)")
            request.add("ExpressionAttributeNames", ["#partition": "partition"])
            request.add("ExpressionAttributeValues", [":prefix": .dynamoDB(prefix)])
        }
        request.add("ExclusiveStartKey", last?.item)
        let answer = try call("Scan", request, in: invocation)
        var records: [Record] = []
        for item in answer["Items"]?.array ?? [] {
            if let record = present(try Record(listed: item)) { records.append(record) }
        }
        let next = try answer["LastEvaluatedKey"]?.present.map { (item) throws(StoreError) in try RecordKey(item: item)
        }
        return RecordPage(records: records, next: next)
    }

    /// Whatever was there is gone after it, expired or not.
    func delete(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        var answerWasLost = false
        let answer = try storing("DeleteItem", in: invocation) { () throws(AWSError) in
            do throws(AWSError) {
                return try callOnce("DeleteItem", ["Key": key.item, "ReturnValues": "ALL_OLD"], in: invocation)
            } catch {
                if error.leavesDoubt { answerWasLost = true }
                throw error
            }
        }
        guard let item = answer["Attributes"] else {
            // It was we who deleted it, or there was nothing: whoever has to know must not take one for the other.
            guard !answerWasLost else { throw .unavailable(reason: "DynamoDB: the answer to a DeleteItem was lost") }
            return nil
        }
        return present(try Record(item: item))
    }

    func transact(_ writes: [Write], in invocation: Invocation) throws(StoreError) {
        guard !writes.isEmpty else { return }
        let writes = writes.map { DynamoDBWrite($0, arrivals, at: clock()) }
        guard writes.count == 1, writes[0].mayGoAlone else { return try callTransaction(writes, in: invocation) }
        do throws(StoreError) {
            _ = try call("PutItem", writes[0].request, in: invocation)
        } catch {
            // An answer may have been lost, and the request been sent again: then it is our own write that is there.
            guard error == .conditionFailed, try isThere(writes[0], in: invocation) else { throw error }
        }
    }

    /// For ten minutes DynamoDB knows a repeated request by its token. It does nothing then, and says that all is well.
    /// So what it cancels was never done.
    private func callTransaction(_ writes: [DynamoDBWrite], in invocation: Invocation) throws(StoreError) {
        let items = writes.map { JSON.object([JSON.Member($0.operation, $0.request.adding(table: table))]) }
        let body: JSON = ["TransactItems": .array(items), "ClientRequestToken": .string(randomID())]
        _ = try storing("TransactWriteItems", in: invocation) { () throws(AWSError) in
            try client.call("DynamoDB_20120810.TransactWriteItems", body, in: invocation)
        }
    }

    /// Whether this very put has happened: each has a revision of its own.
    private func isThere(_ put: DynamoDBWrite, in invocation: Invocation) throws(StoreError) -> Bool {
        try get(put.key, in: invocation)?.revision == put.revision
    }

    /// What is told about the table itself: `DescribeTable` and its kin.
    func describe(_ operation: String, in invocation: Invocation) throws(StoreError) -> JSON {
        try call(operation, [:], in: invocation)
    }

    private func call(_ operation: String, _ body: JSON, in invocation: Invocation) throws(StoreError) -> JSON {
        try storing(operation, in: invocation) { () throws(AWSError) in try callOnce(operation, body, in: invocation) }
    }

    private func callOnce(_ operation: String, _ body: JSON, in invocation: Invocation) throws(AWSError) -> JSON {
        try client.call("DynamoDB_20120810.\(operation)", body.adding(table: table), in: invocation)
    }

    /// Tries while there is time; what DynamoDB then still refuses becomes the store's error.
    private func storing(
        _ operation: String, in invocation: Invocation, _ attempt: () throws(AWSError) -> JSON
    ) throws(StoreError) -> JSON {
        do throws(AWSError) {
            return try retrying(in: invocation, tries: Self.tries, attempt)
        } catch {
            switch error {
            case .conditionFailed: throw .conditionFailed
            case .transactionCancelled(let reasons) where reasons.contains("ConditionalCheckFailed"):
                throw .conditionFailed
            default: throw .unavailable(reason: "DynamoDB: \(operation): \(error.description)")
            }
        }
    }

    private func present(_ record: Record) -> Record? {
        guard let expires = record.expires else { return record }
        return expires > clock() ? record : nil
    }
}

extension AWSError {
    /// Whether what was asked for may have been done all the same.
    fileprivate var leavesDoubt: Bool {
        switch self {
        case .failing, .unreachable(.timedOut), .unreachable(.connectionLost), .unexpectedAnswer: true
        default: false
        }
    }
}

extension JSON {
    fileprivate func adding(table: String) -> JSON {
        var request = self
        request.add("TableName", .string(table))
        return request
    }

    /// Sets a member of an object, or changes it.
    fileprivate mutating func set(_ name: String, _ value: JSON) {
        guard let members else { return }
        self = .object(members.filter { $0.name != name } + [Member(name, value)])
    }
}
