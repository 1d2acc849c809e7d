import Testing

@testable import PartnerCore

@Suite("Everybody's consents")
struct ConsentScanTests {
    private static let documents = ConsentDocuments(
        termsURL: "https://a.example", privacyURL: "https://b.example", version: "1")

    private func people(_ store: RecordStore) throws -> [ConsentHistory] {
        var scan = ConsentScan(store)
        var people: [ConsentHistory] = []
        while let person = try scan.person(in: { .forStore() }) { people.append(try person.history.get()) }
        #expect(try scan.person(in: { .forStore() }) == nil)
        return people
    }

    @Test("come person by person, each once, however pages fall", arguments: Backend.allCases)
    func all(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        #expect(try people(test.store) == [])
        let now = test.now
        // Three records each; and one of somebody else's kind.
        let subjects = (0..<(backend == .sqlite ? 400 : 20)).map { "person-\($0)" }
        for subject in subjects {
            _ = try Consents(test.store).record(of: Self.documents, by: subject, at: now, in: .forStore())
            _ = try Withdrawals(test.store, keptFor: Retention(days: nil))
                .withdraw(subject: subject, at: now, in: .forStore())
            _ = try Consents(test.store).record(of: Self.documents, by: subject, at: now, in: .forStore())
        }
        try test.store.put(RecordKey(partition: "consents", sort: "1"), ["a": "b"], in: .forStore())
        let people = try people(test.another)
        #expect(people.map { $0.subject }.sorted() == subjects.sorted())
        for person in people {
            #expect(person == (try Consents(test.store).history(subject: person.subject, in: .forStore())))
            #expect(person.consents.count == 2 && person.withdrawals.count == 1)
        }
    }

    @Test("whose records nobody can read keep nobody else's back", arguments: Backend.allCases)
    func unreadable(_ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let newer = RecordKey(partition: "consent#newer", sort: "1")
        try test.store.put(newer, ["schema": "9"], in: .forStore())
        _ = try Consents(test.store).record(of: Self.documents, by: "anna", at: test.now, in: .forStore())
        var scan = ConsentScan(test.store)
        var found: [String] = []
        while let person = try scan.person(in: { .forStore() }) {
            switch person.history {
            case .success: found.append(person.subject)
            case .failure(let error): found.append("\(person.subject): \(error.reason)")
            }
        }
        #expect(found.sorted() == ["anna", "newer: a consent's record was written by a newer build"])
    }
}
