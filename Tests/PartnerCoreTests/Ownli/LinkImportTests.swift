import Testing

@testable import PartnerCore

@Suite("An import of links")
struct LinkImportTests {
    private let now = Timestamp(epochSeconds: 1_800_000_000)

    private func line(_ subject: String, _ ownliUserID: String) -> LinkImport.Line {
        LinkImport.Line(subject: subject, ownliUserID: ownliUserID)
    }

    private func take(
        _ lines: [LinkImport.Line], into store: RecordStore, isDryRun: Bool = false
    ) -> [LinkImport.Outcome?] {
        let result = LinkImport(store).take(lines, isDryRun: isDryRun, at: now) { .forStore() }
        #expect(result.failure == nil)
        return result.outcomes
    }

    private func records(_ store: RecordStore) throws -> [Record] {
        var records: [Record] = []
        var next: RecordKey?
        repeat {
            let page = try store.scan(prefix: "", after: next, limit: 100, in: .forStore())
            records += page.records
            next = page.next
        } while next != nil
        return records
    }

    @Test("stores both ways of each, and a second time finds them", arguments: Backend.allCases)
    func linked(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        // More than one transaction holds.
        let lines = (0..<80).map { line("user-\($0)", "XT_\($0)") }
        #expect(take(lines, into: test.store) == Array(repeating: .linked, count: 80))
        let links = UserLinks(test.another)
        for line in lines {
            #expect(
                try links.link(subject: line.subject, in: .forStore())
                    == UserLink(subject: line.subject, ownliUserID: line.ownliUserID, linkedAt: now))
            #expect(try links.isTaken(ownliUserID: line.ownliUserID, in: .forStore()))
        }
        #expect(take(lines, into: test.another) == Array(repeating: .alreadyLinked, count: 80))
        #expect(try records(test.store).count == 160, "no consent, and nothing else")
    }

    @Test("does what lines would do one after the other", arguments: Backend.allCases)
    func order(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let lines = [
            line("a", "1"), line("a", "2"), line("b", "2"), line("b", "1"), line("c", "1"), line("c", "3"),
            line("a", "1"), line("d", "2"), line("é", "4"), line("e\u{301}", "4"), line("e\u{301}", "5"),
        ]
        #expect(
            take(lines, into: test.store) == [
                .linked, .linkedToAnother, .linked, .linkedToAnother, .takenByAnother, .linked,
                .alreadyLinked, .takenByAnother, .linked, .takenByAnother, .linked,
            ])
        #expect(try records(test.store).count == 10)
    }

    @Test("refuses what contradicts the store, and takes the rest of its transaction", arguments: Backend.allCases)
    func refused(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        #expect(take([line("a", "1"), line("b", "2")], into: test.store) == [.linked, .linked])
        let lines = [line("a", "9"), line("x", "2"), line("b", "2"), line("c", "3")]
        let outcomes: [LinkImport.Outcome?] = [.linkedToAnother, .takenByAnother, .alreadyLinked, .linked]
        let before = try records(test.store)
        #expect(take(lines, into: test.store, isDryRun: true) == outcomes)
        #expect(try records(test.store).count == before.count)
        #expect(take(lines, into: test.store) == outcomes)
        #expect(try UserLinks(test.store).link(subject: "x", in: .forStore()) == nil)
    }

    @Test("links nobody who has withdrawn, but who has agreed again since", arguments: Backend.allCases)
    func withdrawn(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let documents = ConsentDocuments(termsURL: "https://a.example", privacyURL: "https://b.example", version: "1")
        for subject in ["gone", "back"] {
            _ = try Consents(test.store).record(of: documents, by: subject, at: now, in: .forStore())
            _ = try Withdrawals(test.store, keptFor: Retention(days: nil))
                .withdraw(subject: subject, at: now, in: .forStore())
        }
        _ = try Consents(test.store).record(of: documents, by: "back", at: now, in: .forStore())
        let lines = [line("gone", "1"), line("back", "2"), line("new", "3")]
        #expect(take(lines, into: test.store) == [.withdrawn, .linked, .linked])
    }

    @Test("of a link without a consent there is a withdrawal, and then no second import")
    func withdrawing() throws {
        let test = try StoreUnderTest(.sqlite)
        #expect(take([line("a", "1")], into: test.store) == [.linked])
        let outcome = try Withdrawals(test.store, keptFor: Retention(days: nil))
            .withdraw(subject: "a", at: now, in: .forStore())
        guard case .withdrawn(let withdrawal) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(withdrawal.documents == [] && withdrawal.ownliUserID == "1")
        #expect(take([line("a", "1")], into: test.store) == [.withdrawn])
    }

    @Test("two imports at once come to one end", arguments: Backend.allCases)
    func race(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let all = (0..<60).map { line("user-\($0)", "XT_\($0 / 2)") }
        let outcomes = concurrently(2) { number in
            LinkImport(number == 0 ? test.store : test.another)
                .take(number == 0 ? all : all.reversed(), at: now.adding(seconds: number)) { .forStore() }
        }
        for result in outcomes { #expect(result.failure == nil && !result.outcomes.contains(nil)) }
        var linked = 0
        for result in outcomes { linked += result.outcomes.count { $0 == .linked } }
        #expect(linked == 30)
        let records = try records(test.store)
        #expect(records.count == 60)
        for record in records where record.key.partition.hasPrefix("ownli-user#") {
            let subject = try #require(record.attributes["subject"])
            let link = try UserLinks(test.store).link(subject: subject, in: .forStore())
            #expect(link.map { "ownli-user#" + $0.ownliUserID } == record.key.partition)
        }
    }

    @Test("a link of its own that stands without an answer is one that it has linked")
    func lostAnswer() throws {
        let (none, linked) = ("{}", #"{"Item":{"partition":{"S":"link#a"},"sort":{"S":"ownli"},"revision":{"N":"1"},"#)
        let attributes = #""attributes":{"M":{"ownliUserId":{"S":"1"},"linkedAt":{"S":"1800000000000"}}}}}"#
        let cancelled =
            #"{"__type":"TransactionCanceledException","CancellationReasons":[{"Code":"#
            + #""ConditionalCheckFailed"}]}"#
        let isSent = Lock(false)
        let upstream = try AWSUpstream(script: { (request, _) in
            let body = String(decoding: request.body, as: UTF8.self)
            guard !body.contains("TransactItems") else {
                // As where DynamoDB has forgotten the token.
                isSent.withLock { $0 = true }
                return .json(400, cancelled)
            }
            guard body.contains("link#a"), isSent.withLock({ $0 }) else { return .json(200, none) }
            return .json(200, linked + attributes)
        })
        var settings = SettingsReader(Environment(upstream.environment))
        let store = RecordStore.dynamoDB(DynamoDBStore(table: "records", reading: &settings))
        #expect(take([line("a", "1")], into: store) == [.linked])
        let later = LinkImport(store).take([line("a", "1")], at: now.adding(seconds: 1)) { .forStore() }
        #expect(later.outcomes == [.alreadyLinked])
    }

    @Test("says what was done before the store failed")
    func failure() throws {
        let test = try StoreUnderTest(.sqlite)
        try test.store.put(RecordKey(partition: "link#user-70", sort: "ownli"), [:], in: .forStore())
        let lines = (0..<99).map { line("user-\($0)", "XT_\($0)") }
        let result = LinkImport(test.store).take(lines, at: now) { .forStore() }
        #expect(result.failure == .unreadable(reason: "a record lacks its attribute ownliUserId"))
        #expect(
            result.outcomes == Array(repeating: .linked, count: 66)
                + Array(repeating: LinkImport.Outcome?.none, count: 33))
    }
}
