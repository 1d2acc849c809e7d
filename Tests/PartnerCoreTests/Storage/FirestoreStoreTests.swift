import Testing

@testable import PartnerCore

private let key = RecordKey(partition: "p", sort: "s")
private let base = "projects/partner-test/databases/records/documents"
// SHA-256 of "p" and "s".
private let parent = base + "/partitions/148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940"
private let name = parent + "/records/043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89"

private func document(_ revision: String, _ updateTime: String = "2027-01-15T08:00:00.123456Z") -> String {
    let fields =
        #"{"partition":{"stringValue":"p"},"sort":{"stringValue":"s"},"attributes":{"stringValue":"{\"a\":\"1\"}"},"revision":{"integerValue":"\#(revision)"}}"#
    return
        #"{"name":"\#(name)","fields":\#(fields),"createTime":"2027-01-15T08:00:00Z","updateTime":"\#(updateTime)"}"#
}

extension AWSUpstream.Answer {
    fileprivate static func found(_ revision: String, _ updateTime: String = "2027-01-15T08:00:00.123456Z") -> Self {
        json(200, #"[{"found":\#(document(revision, updateTime)),"readTime":"2027-01-15T08:00:01Z"}]"#)
    }

    fileprivate static let missing = json(200, #"[{"missing":"\#(name)","readTime":"2027-01-15T08:00:01Z"}]"#)
    fileprivate static let conditionFailed = google(400, "FAILED_PRECONDITION")
}

/// The revision of the first document in a commit's body.
private func revision(in body: String) -> String {
    let write = (try? JSON.parse(Array(body.utf8)))?["writes"]?.array?.first
    return write?["update"]?["fields"]?["revision"]?["integerValue"]?.string ?? "none"
}

@Suite("A Firestore store's requests")
struct FirestoreRequestTests {
    let invocation = Invocation.forStore()

    @Test("a get")
    func get() throws {
        let upstream = try GoogleUpstream([.found("7")])
        let record = try upstream.store().get(key, in: invocation)
        #expect(record == Record(key: key, attributes: ["a": "1"], revision: 7))
        let request = try #require(upstream.calls.first)
        #expect(request.path == "/v1/\(base):batchGet")
        #expect(request.headers["Authorization"] == "Bearer token-1")
        #expect(request.headers["Content-Type"] == "application/json")
        #expect(upstream.bodies("batchGet") == [#"{"documents":["\#(name)"]}"#])
        let calls = invocation.record.withLock { $0.calls.map { $0.name } }
        #expect(calls == ["GET metadata token", "firestore batchGet"])
    }

    @Test("a put that expires: a time for the TTL policy, and the same in milliseconds")
    func put() throws {
        let upstream = try GoogleUpstream([.committed])
        let expires = Timestamp(epochMilliseconds: 1_800_000_060_001)
        try upstream.store().put(key, ["a": "é\""], expires: expires, if: .ifAbsent, in: invocation)
        let body = try #require(upstream.bodies("commit").first)
        let fields =
            #"{"partition":{"stringValue":"p"},"sort":{"stringValue":"s"},"attributes":{"stringValue":"{\"a\":\"é\\\"\"}"},"revision":{"integerValue":"\#(revision(in: body))"},"expires":{"timestampValue":"2027-01-15T08:01:00.001Z"},"expiresAt":{"integerValue":"1800000060001"}}"#
        let update = #"{"update":{"name":"\#(name)","fields":\#(fields)},"currentDocument":{"exists":false}}"#
        #expect(body == #"{"writes":[\#(update)]}"#)
        #expect(upstream.calls.first?.path == "/v1/\(base):commit")
    }

    @Test("writes without a condition have none; by a revision they are bound to the document's time")
    func conditions() throws {
        let upstream = try GoogleUpstream([.committed, .found("7"), .committed])
        try upstream.store().transact([.delete(key)], in: invocation)
        try upstream.store().transact([.delete(key, if: .ifRevision(7))], in: invocation)
        #expect(upstream.methods == ["commit", "batchGet", "commit"])
        let precondition = #""currentDocument":{"updateTime":"2027-01-15T08:00:00.123456Z"}"#
        #expect(
            upstream.bodies("commit") == [
                #"{"writes":[{"delete":"\#(name)"}]}"#, #"{"writes":[{"delete":"\#(name)",\#(precondition)}]}"#,
            ])
    }

    @Test("a list, and its next page from where the last one ended")
    func list() throws {
        let full = Array(repeating: #"{"document":\#(document("1"))}"#, count: 50).joined(separator: ",")
        let upstream = try GoogleUpstream([
            .json(200, "[\(full)]"), .json(200, #"[{"readTime":"2027-01-15T08:00:01Z"}]"#),
        ])
        #expect(try upstream.store().list(partition: "p", in: invocation).count == 50)
        #expect(upstream.calls.first?.path == "/v1/\(parent):runQuery")
        let query =
            #"{"structuredQuery":{"from":[{"collectionId":"records"}],"orderBy":[{"field":{"fieldPath":"sort"},"direction":"ASCENDING"}],"limit":50"#
        #expect(
            upstream.bodies("runQuery") == [
                query + "}}", query + #","startAt":{"values":[{"stringValue":"s"}],"before":false}}}"#,
            ])
    }

    @Test("keys that would be no path, or Firestore's own, are", arguments: ["a/b", ".", "..", "__id__", "é%2F", " "])
    func oddKeys(text: String) throws {
        let upstream = try GoogleUpstream([.committed])
        try upstream.store().put(RecordKey(partition: text, sort: text), ["__name__": text], in: invocation)
        let update = try #require(JSON.parse(upstream.calls[0].body)["writes"]?.array?.first?["update"])
        let path = try #require(update["name"]?.string?.split(separator: "/"))
        #expect(path.count == 9 && [path[6], path[8]].allSatisfy { $0.utf8.count == 64 })
        #expect(update["fields"]?["sort"] == ["stringValue": .string(text)])
        #expect(update["fields"]?.members?.map { $0.name } == ["partition", "sort", "attributes", "revision"])
    }

    @Test("an emulator is called as its owner, and nobody is asked for a token")
    func emulator() throws {
        let upstream = try GoogleUpstream([.committed])
        var settings = SettingsReader(
            Environment(["FIRESTORE_EMULATOR_HOST": upstream.environment["GCE_METADATA_HOST"]!]))
        let database = try #require(FirestoreDatabase("demo-project"))
        try RecordStore.firestore(FirestoreStore(database, reading: &settings)).put(key, [:], in: invocation)
        #expect(upstream.calls.first?.path == "/v1/projects/demo-project/databases/(default)/documents:commit")
        #expect(upstream.calls.first?.headers["Authorization"] == "Bearer owner")
        #expect(upstream.tokensAsked == 0)
    }

    @Test("a record that is larger as JSON than a document may be is refused")
    func tooLarge() throws {
        let upstream = try GoogleUpstream([.committed])
        let text = String(repeating: "\u{1}", count: 200_000)
        #expect(throws: StoreError.notStorable(reason: "a record is larger than a document of Firestore's")) {
            try upstream.store().put(key, ["a": text], in: invocation)
        }
    }
}

@Suite("A Firestore store in trouble")
struct FirestoreTroubleTests {
    let invocation = Invocation.forStore()
    private let pair: [Write] = [
        .put(key, ["a": "1"], if: .ifAbsent), .put(RecordKey(partition: "q", sort: "s"), [:]),
    ]

    private func unavailable(_ reason: String) -> StoreError { .unavailable(reason: "Firestore: " + reason) }

    @Test(
        "tries again what passes: contention, quotas, failures of the server, lost answers",
        arguments: [
            AWSUpstream.Answer.google(409, "ABORTED"), .google(429, "RESOURCE_EXHAUSTED"), .google(503, "UNAVAILABLE"),
            .google(500, "INTERNAL"), .google(504, "DEADLINE_EXCEEDED"), .json(502, "<html>"), .reply(.reset),
            .reply(.close),
        ])
    func passing(trouble: AWSUpstream.Answer) throws {
        let upstream = try GoogleUpstream([trouble, .missing, .committed])
        try upstream.store().put(key, ["a": "1"], if: .ifAbsent, in: invocation)
        #expect(upstream.methods == ["commit", "batchGet", "commit"])
        let bodies = upstream.bodies("commit")
        #expect(bodies[0] == bodies[1], "with the same revision")
    }

    @Test("gives up while there is still time to say so, and says what was wrong")
    func lasting() throws {
        let upstream = try GoogleUpstream([.googleStream(409, "ABORTED")])
        #expect(throws: unavailable("others were at the same data (ABORTED)")) {
            try upstream.store().get(key, in: invocation)
        }
        #expect(upstream.methods.count == 6)
    }

    @Test("an answer that was lost is not taken for a conflict: the revision there is our own")
    func lostAnswer() throws {
        let written = Lock("")
        let upstream = try GoogleUpstream(script: { (request, count) in
            if count == 0 {
                written.withLock { $0 = revision(in: String(decoding: request.body, as: UTF8.self)) }
                return .reply(.close)
            }
            return .found(written.withLock { $0 })
        })
        try upstream.store().put(key, ["a": "1"], if: .ifAbsent, in: invocation)
        #expect(upstream.methods == ["commit", "batchGet"])
    }

    @Test("nor for success, nor for a conflict, when somebody else's is there")
    func doubt() throws {
        let upstream = try GoogleUpstream([.reply(.close), .found("7")])
        #expect(throws: unavailable("the answer to a write was lost")) {
            try upstream.store().put(key, ["a": "1"], if: .ifAbsent, in: invocation)
        }
    }

    @Test(
        "a condition that failed is looked at again: it is a conflict only if it is one",
        arguments: [AWSUpstream.Answer.google(409, "ALREADY_EXISTS"), .conditionFailed, .google(404, "NOT_FOUND")])
    func conditionFailed(answer: AWSUpstream.Answer) throws {
        let taken = try GoogleUpstream([answer, .found("7")])
        #expect(throws: StoreError.conditionFailed) {
            try taken.store().put(key, [:], if: .ifAbsent, in: invocation)
        }
        let free = try GoogleUpstream([answer, .missing, .committed])
        try free.store().put(key, [:], if: .ifAbsent, in: invocation)
        #expect(free.methods == ["commit", "batchGet", "commit"])
    }

    @Test("a delete that came second reads again, and finds another's record or none")
    func delete() throws {
        let other = try GoogleUpstream([.found("7"), .conditionFailed, .found("8"), .committed])
        #expect(try other.store().delete(key, in: invocation)?.revision == 8)
        let none = try GoogleUpstream([.found("7"), .conditionFailed, .missing])
        #expect(try none.store().delete(key, in: invocation) == nil)
    }

    @Test("a delete whose answer was lost does not pass for one that found nothing")
    func lostDelete() throws {
        for after in [AWSUpstream.Answer.missing, .found("8", "2027-01-15T09:00:00Z")] {
            let upstream = try GoogleUpstream([.found("7"), .reply(.close), after])
            #expect(throws: unavailable("the answer to a write was lost")) {
                try upstream.store().delete(key, in: invocation)
            }
            #expect(upstream.methods == ["batchGet", "commit", "batchGet"], "and is not sent again unasked")
        }
        let undone = try GoogleUpstream([.found("7"), .reply(.close), .found("7"), .committed])
        #expect(try undone.store().delete(key, in: invocation)?.revision == 7)
    }

    @Test("a token that is not taken is replaced once, and the next one is not")
    func tokens() throws {
        let once = try GoogleUpstream([.googleStream(401, "UNAUTHENTICATED"), .missing])
        #expect(try once.store().get(key, in: invocation) == nil)
        #expect(once.calls.map { $0.headers["Authorization"] } == ["Bearer token-1", "Bearer token-2"])
        let always = try GoogleUpstream([.googleStream(401, "UNAUTHENTICATED")])
        #expect(throws: unavailable("the access token was not accepted (UNAUTHENTICATED)")) {
            try always.store().get(key, in: invocation)
        }
        #expect(always.tokensAsked == 2 && always.calls.count == 2)
    }

    @Test("a token is asked for once, and again when its last minute, or half of a short life, has come")
    func tokenIsShared() throws {
        let upstream = try GoogleUpstream([.missing])
        let store = try upstream.store()
        let results = concurrently(8) { [invocation] _ in try? store.get(key, in: invocation) }
        #expect(results.count == 8 && upstream.calls.count == 8 && upstream.tokensAsked == 1)
        let shortLived = try GoogleUpstream([.missing], lifetime: 1)
        let another = try shortLived.store()
        for _ in 0..<2 { _ = try another.get(key, in: invocation) }
        #expect(shortLived.tokensAsked == 2)
    }

    @Test(
        "an answer that is none is not taken for an empty one",
        arguments: [
            (AWSUpstream.Answer.json(200, "<html>Sign in</html>"), "unexpected answer: no JSON"),
            (.json(200, "[]"), "unexpected answer: not all of the documents"),
            (.json(200, "{}"), "unexpected answer: no array"),
            (
                .json(200, #"[{"error":{"code":403,"status":"PERMISSION_DENIED"}}]"#),
                "the service account may not do this (PERMISSION_DENIED)"
            ),
            (.json(302, ""), "the request was refused (status 302)"),
            (.googleStream(404, "NOT_FOUND"), "what was asked for does not exist (NOT_FOUND)"),
            (.googleStream(400, "Ada Lovelace"), "the request was refused (status 400)"),
            (.googleStream(400, "FAILED_PRECONDITION"), "a condition did not hold (FAILED_PRECONDITION)"),
        ])
    func noAnswer(answer: AWSUpstream.Answer, reason: String) throws {
        let upstream = try GoogleUpstream([answer])
        #expect(throws: unavailable(reason)) { try upstream.store().get(key, in: invocation) }
        #expect(upstream.calls.count == 1)
    }

    @Test("a document that is no record is there, cannot be read, and is not deleted unread")
    func noRecord() throws {
        let name = FirestoreDatabase("partner-test/records")!.path + "/documents/" + key.firestorePath
        let foreign = #"[{"found":{"name":"\#(name)","updateTime":"2027-01-15T08:00:00Z","fields":{}}}]"#
        let upstream = try GoogleUpstream([.json(200, foreign)])
        let store = try upstream.store()
        let unreadable = StoreError.unreadable(reason: "Firestore: a document of the collection is no record")
        #expect(throws: unreadable) { try store.get(key, in: invocation) }
        #expect(throws: unreadable) { try store.delete(key, in: invocation) }
        #expect(upstream.methods == ["batchGet", "batchGet"])
        let taken = try GoogleUpstream([.google(409, "ALREADY_EXISTS"), .json(200, foreign)])
        #expect(throws: StoreError.conditionFailed) {
            try taken.store().put(key, ["a": "1"], if: .ifAbsent, in: invocation)
        }
    }

    @Test("a commit without its time is none")
    func noCommit() throws {
        let upstream = try GoogleUpstream([.json(200, "{}")])
        #expect(throws: unavailable("unexpected answer: no time of the commit")) {
            try upstream.store().put(key, [:], in: invocation)
        }
    }

    @Test("without a database nothing is tried for long")
    func noDatabase() throws {
        let upstream = try GoogleUpstream([.google(404, "NOT_FOUND"), .googleStream(404, "NOT_FOUND")])
        #expect(throws: unavailable("what was asked for does not exist (NOT_FOUND)")) {
            try upstream.store().put(key, [:], if: .ifAbsent, in: invocation)
        }
        #expect(upstream.methods == ["commit", "batchGet"])
    }
}

@Suite("A Firestore database's name")
struct FirestoreDatabaseTests {
    @Test("is a project's, or a project's and its own")
    func path() {
        #expect(FirestoreDatabase("my-project1")?.path == "projects/my-project1/databases/(default)")
        #expect(FirestoreDatabase("my-project/(default)")?.path == "projects/my-project/databases/(default)")
        #expect(FirestoreDatabase("example.com:shop/orders-2")?.path == "projects/example.com:shop/databases/orders-2")
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "short", "My-project", "1project", "my-project/", "my-project/db", "my-project/a/b",
            "my-project/Orders",
            "my-project/..", "my_project", "my-project/1orders", "my-project?x=1", "my-project/(defaults)", "/orders",
        ])
    func refused(text: String) { #expect(FirestoreDatabase(text) == nil) }
}
