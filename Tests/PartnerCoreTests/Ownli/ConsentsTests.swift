import Testing

@testable import PartnerCore

@Suite("Consents", .serialized)
struct ConsentsTests {
    let test: StoreUnderTest
    let consents: Consents
    var invocation: Invocation { .forStore() }
    let documents = ConsentDocuments(
        termsURL: "https://ownli.example/terms", privacyURL: "https://ownli.example/privacy", version: "2026-04")

    init() throws {
        test = try StoreUnderTest(.sqlite)
        consents = Consents(test.store)
    }

    private func consent(_ subject: String, _ documents: ConsentDocuments, at milliseconds: Int) -> Consent {
        Consent(subject: subject, documents: documents, acceptedAt: Timestamp(epochMilliseconds: milliseconds))
    }

    private func record(_ consent: Consent) throws {
        _ = try consents.record(
            of: consent.documents, by: consent.subject, at: consent.acceptedAt, in: invocation)
    }

    private func all(_ subject: String) throws -> [Consent] {
        try consents.history(subject: subject, in: invocation).consents
    }

    @Test("an acceptance is kept with its documents and its time")
    func record() throws {
        let consent = consent("anna", documents, at: 1_800_000_000_123)
        #expect(try all("anna") == [])
        try record(consent)
        #expect(try all("anna") == [consent])
        #expect(try all("ann") == [])
    }

    @Test("the same acceptance again keeps the first time")
    func again() throws {
        let first = consent("anna", documents, at: 1000)
        try record(first)
        try record(consent("anna", documents, at: 2000))
        try record(consent("anna", documents, at: 500))
        #expect(try all("anna") == [first])
    }

    @Test("another version, or another address, is another acceptance; the earliest comes first")
    func otherDocuments() throws {
        let terms = documents.termsURL
        let privacy = documents.privacyURL
        let others = [
            documents,
            ConsentDocuments(termsURL: terms, privacyURL: privacy, version: "2025-01"),
            ConsentDocuments(termsURL: terms + "/v2", privacyURL: privacy, version: documents.version),
            ConsentDocuments(termsURL: terms, privacyURL: privacy + "/v2", version: documents.version),
            ConsentDocuments(termsURL: privacy, privacyURL: terms, version: documents.version),
            ConsentDocuments(termsURL: "\",\"", privacyURL: "", version: ""),
            ConsentDocuments(termsURL: "", privacyURL: "\",\"", version: ""),
            // Two spellings that look the same.
            ConsentDocuments(termsURL: "jos\u{E9}", privacyURL: "", version: ""),
            ConsentDocuments(termsURL: "jose\u{301}", privacyURL: "", version: ""),
        ]
        let accepted = others.enumerated().map { consent("anna", $1, at: 1000 + $0) }
        for consent in accepted.reversed() { try record(consent) }
        #expect(try all("anna") == accepted)
    }

    @Test("two users' acceptances are apart")
    func users() throws {
        try record(consent("anna", documents, at: 1))
        try record(consent("berta", documents, at: 2))
        #expect(try all("berta") == [consent("berta", documents, at: 2)])
    }

    @Test("one acceptance sent many times at once is one record")
    func atOnce() throws {
        let failures = concurrently(8) { [test, invocation, documents] thread -> StoreError? in
            let consents = Consents(thread.isMultiple(of: 2) ? test.store : test.another)
            do throws(StoreError) {
                _ = try consents.record(
                    of: documents, by: "anna", at: Timestamp(epochMilliseconds: thread), in: invocation)
                return nil
            } catch {
                return error
            }
        }
        #expect(failures == [StoreError?](repeating: nil, count: 8))
        #expect(try all("anna").count == 1)
    }

    @Test("what a build wrote that knew of no withdrawals is read, and not stored once more")
    func former() throws {
        let key = RecordKey(
            partition: "consent#anna",
            sort: #"["2026-04","https://ownli.example/terms","https://ownli.example/privacy"]"#)
        let attributes = [
            "termsUrl": "https://ownli.example/terms", "privacyUrl": "https://ownli.example/privacy",
            "version": "2026-04", "acceptedAt": "1800000000123",
        ]
        try test.store.put(key, attributes, if: .ifAbsent, in: invocation)
        try record(consent("anna", documents, at: 1_900_000_000_000))
        let history = try consents.history(subject: "anna", in: invocation)
        #expect(history.consents == [consent("anna", documents, at: 1_800_000_000_123)])
        #expect(history.standing == history.consents && history.period == 0)
    }

    @Test("a record is what it was before, with a schema and a period")
    func written() throws {
        try record(consent("anna", documents, at: 1_800_000_000_123))
        let records = try test.store.list(partition: "consent#anna", in: invocation)
        #expect(
            records.map { $0.key.sort } == [
                #"["2026-04","https://ownli.example/terms","https://ownli.example/privacy"]"#
            ])
        #expect(
            records.map { $0.attributes } == [
                [
                    "termsUrl": "https://ownli.example/terms", "privacyUrl": "https://ownli.example/privacy",
                    "version": "2026-04", "acceptedAt": "1800000000123", "period": "0", "schema": "2",
                ]
            ])
    }

    @Test("what a newer build wrote is an error, not half a proof")
    func newer() throws {
        let key = RecordKey(partition: "consent#anna", sort: "x")
        let attributes = ["termsUrl": "", "privacyUrl": "", "version": "", "acceptedAt": "1", "schema": "3"]
        try test.store.put(key, attributes, in: invocation)
        #expect(throws: StoreError.unreadable(reason: "a consent's record was written by a newer build")) {
            try all("anna")
        }
    }
}
