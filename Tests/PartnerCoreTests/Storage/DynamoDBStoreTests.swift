import Testing

@testable import PartnerCore

extension AWSUpstream {
    fileprivate func store(at now: Timestamp = Timestamp(epochMilliseconds: 1_800_000_000_123)) -> RecordStore {
        var settings = SettingsReader(Environment(environment))
        return .dynamoDB(DynamoDBStore(table: "records", reading: &settings) { now })
    }

    /// The revision of the item in a request's body.
    fileprivate static func revision(in body: String) -> String {
        let json = try? JSON.parse(Array(body.utf8))
        let put = json?["TransactItems"]?.array?.first?["Put"] ?? json
        return put?["Item"]?["revision"]?["N"]?.string ?? "none"
    }
}

extension AWSUpstream.Answer {
    fileprivate static let done = json(200, "{}")
    fileprivate static let conditionFailed = error(400, "ConditionalCheckFailedException")

    fileprivate static func cancelled(_ reasons: String...) -> AWSUpstream.Answer {
        let list = reasons.map { #"{"Code":"\#($0)","Message":"Ada Lovelace's item"}"# }.joined(separator: ",")
        return error(400, "TransactionCanceledException", #","CancellationReasons":[\#(list)]"#)
    }

    fileprivate static func item(revision: String) -> AWSUpstream.Answer {
        json(200, #"{"Item":\#(record(revision))}"#)
    }

    private static func record(_ revision: String) -> String {
        #"{"partition":{"S":"p"},"sort":{"S":"s"},"attributes":{"M":{"a":{"S":"1"}}},"revision":{"N":"\#(revision)"}}"#
    }
}

private let key = RecordKey(partition: "p", sort: "s")

@Suite("A DynamoDB store's requests")
struct DynamoDBRequestTests {
    let invocation = Invocation.forStore()

    @Test("a get and a delete")
    func getAndDelete() throws {
        let upstream = try AWSUpstream([.done])
        #expect(try upstream.store().get(key, in: invocation) == nil)
        #expect(try upstream.store().delete(key, in: invocation) == nil)
        #expect(
            upstream.bodies("GetItem") == [
                #"{"Key":{"partition":{"S":"p"},"sort":{"S":"s"}},"ConsistentRead":true,"TableName":"records"}"#
            ])
        #expect(
            upstream.bodies("DeleteItem") == [
                #"{"Key":{"partition":{"S":"p"},"sort":{"S":"s"}},"ReturnValues":"ALL_OLD","TableName":"records"}"#
            ])
        #expect(invocation.record.withLock { $0.calls.map { $0.name } } == ["dynamodb GetItem", "dynamodb DeleteItem"])
    }

    @Test("a put that expires: the time to the millisecond, and the TTL's never before it")
    func put() throws {
        let upstream = try AWSUpstream([.done])
        let expires = Timestamp(epochMilliseconds: 1_800_000_060_001)
        try upstream.store().put(key, ["a": "é"], expires: expires, if: .ifAbsent, in: invocation)
        let body = try #require(upstream.bodies("PutItem").first)
        let item =
            #"{"partition":{"S":"p"},"sort":{"S":"s"},"attributes":{"M":{"a":{"S":"é"}}},"revision":{"N":"\#(AWSUpstream.revision(in: body))"},"expires":{"N":"1800000061"},"expiresAt":{"N":"1800000060001"}}"#
        let condition =
            ##""ConditionExpression":"attribute_not_exists(#partition) OR #expiresAt <= :now","ExpressionAttributeNames":{"#partition":"partition","#expiresAt":"expiresAt"},"ExpressionAttributeValues":{":now":{"N":"1800000000123"}}"##
        #expect(body == #"{"Item":\#(item),\#(condition),"TableName":"records"}"#)
    }

    @Test("a transaction, with a token of its own")
    func transaction() throws {
        let upstream = try AWSUpstream([.done])
        let writes: [Write] = [.put(key, [:]), .delete(RecordKey(partition: "q", sort: "s"), if: .ifRevision(7))]
        try upstream.store().transact(writes, in: invocation)
        try upstream.store().transact(writes, in: invocation)
        let bodies = upstream.bodies("TransactWriteItems")
        let tokens = try bodies.map { body in
            try #require(JSON.parse(Array(body.utf8))["ClientRequestToken"]?.string)
        }
        #expect(tokens[0] != tokens[1] && tokens.allSatisfy { (1...36).contains($0.utf8.count) })
        let put =
            #"{"Put":{"Item":{"partition":{"S":"p"},"sort":{"S":"s"},"attributes":{"M":{}},"revision":{"N":"\#(AWSUpstream.revision(in: bodies[0]))"}},"TableName":"records"}}"#
        let delete =
            ##"{"Delete":{"Key":{"partition":{"S":"q"},"sort":{"S":"s"}},"ConditionExpression":"#revision = :revision AND (attribute_not_exists(#expiresAt) OR #expiresAt > :now)","ExpressionAttributeNames":{"#revision":"revision","#expiresAt":"expiresAt"},"ExpressionAttributeValues":{":revision":{"N":"7"},":now":{"N":"1800000000123"}},"TableName":"records"}}"##
        #expect(bodies[0] == #"{"TransactItems":[\#(put),\#(delete)],"ClientRequestToken":"\#(tokens[0])"}"#)
    }

    @Test("a write for a revision goes with a token, though it is alone")
    func revision() throws {
        let upstream = try AWSUpstream([.done])
        try upstream.store().put(key, [:], if: .ifRevision(7), in: invocation)
        try upstream.store().put(key, [:], if: .ifAbsent, in: invocation)
        try upstream.store().put(key, [:], in: invocation)
        #expect(upstream.operations == ["TransactWriteItems", "PutItem", "PutItem"])
    }

    @Test("a list asks for page after page, from where the last one ended")
    func pages() throws {
        func page(_ sort: String, _ rest: String) -> AWSUpstream.Answer {
            .json(
                200,
                #"{"Items":[{"partition":{"S":"p"},"sort":{"S":"\#(sort)"},"attributes":{"M":{}},"revision":{"N":"1"}}]\#(rest)}"#
            )
        }
        func next(_ sort: String) -> String { #""partition":{"S":"p"},"sort":{"S":"\#(sort)"}"# }
        let upstream = try AWSUpstream([
            page("1", #","LastEvaluatedKey":{\#(next("1"))}"#),
            // A page may be empty and still not be the last.
            .json(200, #"{"Items":[],"LastEvaluatedKey":{\#(next("2"))}}"#), page("3", ""),
        ])
        #expect(try upstream.store().list(partition: "p", in: invocation).map { $0.key.sort } == ["1", "3"])
        let query =
            ##""KeyConditionExpression":"#partition = :partition","ExpressionAttributeNames":{"#partition":"partition"},"ExpressionAttributeValues":{":partition":{"S":"p"}},"ConsistentRead":true,"##
        let table = #""TableName":"records""#
        #expect(
            upstream.bodies("Query") == [
                "{\(query)\(table)}", #"{\#(query)"ExclusiveStartKey":{\#(next("1"))},\#(table)}"#,
                #"{\#(query)"ExclusiveStartKey":{\#(next("2"))},\#(table)}"#,
            ])
    }

    @Test(
        "an item that is no record is not made one",
        arguments: [
            "{}", #"{"partition":{"S":"p"},"sort":{"S":"s"},"revision":{"N":"1"}}"#,
            #"{"partition":{"S":"p"},"sort":{"S":"s"},"attributes":{"M":{}},"revision":{"N":"1.5"}}"#,
            #"{"partition":{"S":"p"},"sort":{"S":"s"},"attributes":{"M":{"a":{"N":"1"}}},"revision":{"N":"1"}}"#,
            #"{"partition":{"S":"p"},"sort":{"S":"s"},"attributes":{"M":{}},"revision":{"N":"1"},"expiresAt":{"S":""}}"#,
        ])
    func foreign(item: String) throws {
        let upstream = try AWSUpstream([.json(200, #"{"Item":\#(item)}"#)])
        #expect(throws: StoreError.self) { try upstream.store().get(key, in: invocation) }
    }

    @Test("an item that is no record does not keep the others from a list")
    func foreignInList() throws {
        let foreign = #"{"partition":{"S":"p"},"sort":{"S":"1"},"attributes":{"M":{"a":{"N":"1"}}}}"#
        let good = #"{"partition":{"S":"p"},"sort":{"S":"2"},"attributes":{"M":{}},"revision":{"N":"1"}}"#
        let upstream = try AWSUpstream([.json(200, #"{"Items":[\#(foreign),\#(good)]}"#)])
        let records = try upstream.store().list(partition: "p", in: invocation)
        #expect(records.map { $0.key.sort } == ["1", "2"])
        #expect(records.map { $0.attributes } == [[Record.unreadable: foreign], [:]])
    }
}

@Suite("A DynamoDB store in trouble")
struct DynamoDBTroubleTests {
    let invocation = Invocation.forStore()
    private let pair: [Write] = [
        .put(key, ["a": "1"], if: .ifAbsent), .put(RecordKey(partition: "q", sort: "s"), [:], if: .ifAbsent),
    ]

    @Test(
        "tries again what passes: throttling, conflicts, failures of the server, lost answers",
        arguments: [
            AWSUpstream.Answer.error(400, "ThrottlingException"),
            .error(400, "ProvisionedThroughputExceededException"), .error(400, "TransactionConflictException"),
            .error(400, "TransactionInProgressException"), .error(500, "InternalServerError"), .json(503, ""),
            .cancelled("TransactionConflict", "None"), .cancelled("None", "ThrottlingError"), .reply(.reset),
            .reply(.close),
        ])
    func passing(trouble: AWSUpstream.Answer) throws {
        let upstream = try AWSUpstream([trouble, trouble, .done])
        try upstream.store().transact(pair, in: invocation)
        let bodies = upstream.bodies("TransactWriteItems")
        #expect(bodies.count >= 3)
        #expect(bodies.allSatisfy { $0 == bodies[0] }, "with the same token, and the same revisions")
    }

    @Test("gives up while there is still time to say so, and says what was wrong")
    func lasting() throws {
        let upstream = try AWSUpstream([.error(400, "ThrottlingException")])
        let unavailable = StoreError.unavailable(
            reason: "DynamoDB: PutItem: too many requests (ThrottlingException)")
        #expect(throws: unavailable) { try upstream.store().put(key, [:], in: invocation) }
        #expect(upstream.operations.count == 6)
        #expect(throws: StoreError.unavailable(reason: "DynamoDB: PutItem: no answer came in time")) {
            try upstream.store().put(key, [:], in: .forStore(milliseconds: 400))
        }
        #expect(upstream.operations.count == 6)
    }

    @Test("makes nothing of a condition that failed but the truth")
    func conditionFailed() throws {
        let single = try AWSUpstream([.conditionFailed, .item(revision: "1")])
        #expect(throws: StoreError.conditionFailed) {
            try single.store().put(key, [:], if: .ifAbsent, in: invocation)
        }
        let several = try AWSUpstream([.cancelled("None", "ConditionalCheckFailed"), .done])
        #expect(throws: StoreError.conditionFailed) { try several.store().transact(pair, in: invocation) }
        let both = try AWSUpstream([.cancelled("TransactionConflict", "ConditionalCheckFailed"), .done])
        #expect(throws: StoreError.conditionFailed) { try both.store().transact(pair, in: invocation) }
        let delete = try AWSUpstream([.cancelled("ConditionalCheckFailed")])
        #expect(throws: StoreError.conditionFailed) {
            try delete.store().transact([.delete(key, if: .ifRevision(1))], in: invocation)
        }
        #expect(delete.operations == ["TransactWriteItems"])
    }

    @Test("a time-out after the write happened: the repeat finds our own write, which is success")
    func lostAnswer() throws {
        let item = Lock("")
        let upstream = try AWSUpstream(script: { (request, count) in
            let body = String(decoding: request.body, as: UTF8.self)
            switch count {
            case 0:
                item.withLock { $0 = body }
                return .silence
            case 1: return .conditionFailed
            default: return .item(revision: item.withLock { AWSUpstream.revision(in: $0) })
            }
        })
        try upstream.store().transact([pair[0]], in: invocation)
        #expect(upstream.operations == ["PutItem", "PutItem", "GetItem"])
    }

    @Test("a time-out after a transaction happened: by its token DynamoDB knows the repeat, and nothing is read back")
    func lostAnswerToTransaction() throws {
        let upstream = try AWSUpstream(script: { (_, count) in count == 0 ? .silence : .done })
        try upstream.store().transact(pair, in: invocation)
        let bodies = upstream.bodies("TransactWriteItems")
        #expect(upstream.operations == ["TransactWriteItems", "TransactWriteItems"])
        #expect(bodies.count == 2 && bodies[0] == bodies[1], "with the same token")
    }

    @Test("a kept connection that died under the write counts as a lost answer too, though nobody was told")
    func resent() throws {
        let item = Lock("")
        let upstream = try AWSUpstream(script: { (request, count) in
            switch count {
            case 0: return .done
            case 1:
                item.withLock { $0 = String(decoding: request.body, as: UTF8.self) }
                return .reply(.close)
            case 2: return .conditionFailed
            default: return .item(revision: item.withLock { AWSUpstream.revision(in: $0) })
            }
        })
        let store = upstream.store()
        #expect(try store.get(key, in: invocation) == nil)
        try store.put(key, ["a": "1"], if: .ifAbsent, in: invocation)
        #expect(upstream.operations == ["GetItem", "PutItem", "PutItem", "GetItem"])
    }

    @Test("without the reading back nobody knows, and nothing else is said")
    func unknown() throws {
        let upstream = try AWSUpstream([.conditionFailed, .error(400, "AccessDeniedException")])
        let unavailable = StoreError.unavailable(
            reason: "DynamoDB: GetItem: the credentials do not allow this (AccessDeniedException)")
        #expect(throws: unavailable) { try upstream.store().put(key, [:], if: .ifAbsent, in: invocation) }
    }

    @Test("a delete whose answer was lost does not pass for one that found nothing")
    func lostDelete() throws {
        let upstream = try AWSUpstream([.error(500, "InternalServerError"), .done])
        #expect(throws: StoreError.unavailable(reason: "DynamoDB: the answer to a DeleteItem was lost")) {
            try upstream.store().delete(key, in: invocation)
        }
        let throttled = try AWSUpstream([.error(400, "ThrottlingException"), .done])
        #expect(try throttled.store().delete(key, in: invocation) == nil)
    }

    @Test(
        "wrong credentials are told at once, by AWS's code and without a secret",
        arguments: [
            ("UnrecognizedClientException", "the credentials were not accepted (UnrecognizedClientException)"),
            ("InvalidSignatureException", "the credentials were not accepted (InvalidSignatureException)"),
            ("ExpiredTokenException", "the session token has expired (ExpiredTokenException)"),
            ("AccessDeniedException", "the credentials do not allow this (AccessDeniedException)"),
            ("ResourceNotFoundException", "what was asked for does not exist (ResourceNotFoundException)"),
        ])
    func credentials(code: String, reason: String) throws {
        let upstream = try AWSUpstream([.error(400, code)])
        #expect(throws: StoreError.unavailable(reason: "DynamoDB: GetItem: " + reason)) {
            try upstream.store().get(key, in: invocation)
        }
        #expect(upstream.operations.count == 1)
        #expect { try upstream.store().probe.run(invocation) } throws: { error in
            let told = error as? FunctionError
            return told?.code == "STORE_UNAVAILABLE" && told?.detail?.contains("Ada") == false
        }
    }
}
