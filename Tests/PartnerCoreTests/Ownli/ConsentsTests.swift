import Testing

@testable import PartnerCore

@Suite("Consents", .serialized)
struct ConsentsTests {
    let test: StoreUnderTest
    let consents: Consents
    let invocation = Invocation.forStore()
    let documents = ConsentDocuments(
        termsURL: "https://ownli.example/terms", privacyURL: "https://ownli.example/privacy", version: "2026-04")

    init() throws {
        test = try StoreUnderTest(.sqlite)
        consents = Consents(test.store)
    }

    private func consent(_ subject: String, _ documents: ConsentDocuments, at milliseconds: Int) -> Consent {
        Consent(subject: subject, documents: documents, acceptedAt: Timestamp(epochMilliseconds: milliseconds))
    }

    @Test("an acceptance is kept with its documents and its time")
    func record() throws {
        let consent = consent("anna", documents, at: 1_800_000_000_123)
        #expect(try consents.all(subject: "anna", in: invocation) == [])
        try consents.record(consent, in: invocation)
        #expect(try consents.all(subject: "anna", in: invocation) == [consent])
        #expect(try consents.all(subject: "ann", in: invocation) == [])
    }

    @Test("the same acceptance again keeps the first time")
    func again() throws {
        let first = consent("anna", documents, at: 1000)
        try consents.record(first, in: invocation)
        try consents.record(consent("anna", documents, at: 2000), in: invocation)
        try consents.record(consent("anna", documents, at: 500), in: invocation)
        #expect(try consents.all(subject: "anna", in: invocation) == [first])
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
        ]
        let accepted = others.enumerated().map { consent("anna", $1, at: 1000 + $0) }
        for consent in accepted.reversed() { try consents.record(consent, in: invocation) }
        #expect(try consents.all(subject: "anna", in: invocation) == accepted)
    }

    @Test("two users' acceptances are apart")
    func users() throws {
        try consents.record(consent("anna", documents, at: 1), in: invocation)
        try consents.record(consent("berta", documents, at: 2), in: invocation)
        #expect(try consents.all(subject: "berta", in: invocation) == [consent("berta", documents, at: 2)])
    }

    @Test("one acceptance sent many times at once is one record")
    func atOnce() throws {
        let failures = concurrently(8) { [test, invocation, documents] thread -> StoreError? in
            let consents = Consents(thread.isMultiple(of: 2) ? test.store : test.another)
            let consent = Consent(
                subject: "anna", documents: documents, acceptedAt: Timestamp(epochMilliseconds: thread))
            do throws(StoreError) {
                try consents.record(consent, in: invocation)
                return nil
            } catch {
                return error
            }
        }
        #expect(failures == [StoreError?](repeating: nil, count: 8))
        #expect(try consents.all(subject: "anna", in: invocation).count == 1)
    }
}
