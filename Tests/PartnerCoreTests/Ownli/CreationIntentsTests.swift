import Testing

@testable import PartnerCore

@Suite("Intents to create a user", .serialized)
struct CreationIntentsTests {
    let test: StoreUnderTest
    let intents: CreationIntents
    var invocation: Invocation { .forStore() }

    init() throws {
        test = try StoreUnderTest(.sqlite)
        var settings = SettingsReader(
            Environment(["IDENTIFIER_HASH_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]))
        intents = CreationIntents(test.store, IdentifierHash(reading: &settings))
    }

    private func user(_ phone: String = "+15556667777", _ email: String? = "ada@example.com") -> NewOwnliUser {
        NewOwnliUser(
            firstName: "Ada", lastName: "Lovelace", phone: phone, isPhoneVerified: false, email: email,
            isEmailVerified: false,
            address: .init(state: "CA", addressLine1: nil, addressLine2: nil, city: nil, zip: nil))
    }

    @Test("an intent is open for its person and contact data, until it is ended")
    func open() throws {
        let intent = try intents.begin(user(), subject: "anna", at: test.now, in: invocation)
        #expect(intent.begunAt == test.now)
        #expect(try intents.open(user(), subject: "anna", in: invocation) == [intent])
        #expect(try intents.open(user("+15556667777", "ADA@Example.com"), subject: "anna", in: invocation) == [intent])
        #expect(try intents.open(user(), subject: "ann", in: invocation) == [])
        #expect(try intents.open(user("+15556667778"), subject: "anna", in: invocation) == [])
        #expect(try intents.open(user("+15556667777", nil), subject: "anna", in: invocation) == [])
        try intents.end(intent, in: invocation)
        #expect(try intents.open(user(), subject: "anna", in: invocation) == [])
    }

    @Test("of two attempts at once each ends its own")
    func two() throws {
        let first = try intents.begin(user(), subject: "anna", at: test.now, in: invocation)
        let second = try intents.begin(user(), subject: "anna", at: test.now, in: invocation)
        try intents.end(first, in: invocation)
        #expect(try intents.open(user(), subject: "anna", in: invocation) == [second])
    }

    @Test("a link ends them, all or none")
    func linked() throws {
        let intent = try intents.begin(user(), subject: "anna", at: test.now, in: invocation)
        let links = UserLinks(test.store)
        _ = try links.create(
            UserLink(subject: "berta", ownliUserID: "XT_1", linkedAt: test.now), agreedIn: .nothing("berta"),
            in: invocation)
        let taken = UserLink(subject: "anna", ownliUserID: "XT_1", linkedAt: test.now)
        let history = ConsentHistory.nothing("anna")
        #expect(
            try links.create(taken, agreedIn: history, ending: [intent], in: invocation) == .takenByAnother)
        #expect(try intents.open(user(), subject: "anna", in: invocation) == [intent])
        let free = UserLink(subject: "anna", ownliUserID: "XT_2", linkedAt: test.now)
        #expect(
            try links.create(free, agreedIn: history, ending: [intent], in: invocation) == .linked(free))
        #expect(try intents.open(user(), subject: "anna", in: invocation) == [])
    }

    @Test("the store sees no contact data, and forgets within a day")
    func stored() throws {
        let intent = try intents.begin(user(), subject: "anna", at: test.now, in: invocation)
        let record = try #require(try test.store.get(intent.key, in: invocation))
        let expires = try #require(record.expires)
        #expect(expires.epochSeconds - test.now.epochSeconds == 86_400)
        let text = "\(record)"
        #expect(!text.contains("555666") && !text.contains("ada@") && !text.contains("Lovelace"))
    }

    @Test(
        "an attempt has made who was registered while it may have been under way",
        arguments: [
            ("2026-04-25T10:15:30.500Z", true), ("2026-04-25T10:15:31Z", true), ("2026-04-25T10:17:30.500Z", true),
            // To the second, where Ownli says no more.
            ("2026-04-25T10:15:30Z", true),
            ("2026-04-25T10:15:30.499Z", false), ("2026-04-25T10:15:29Z", false), ("2020-01-01T00:00:00Z", false),
            ("2026-04-25T10:17:30.501Z", false), ("2026-04-26T10:15:30Z", false), ("9999-12-31T23:59:59Z", false),
            ("", false), ("2026-04-25", false), ("2026-04-25T10:15:31", false),
        ])
    func mayHaveMade(dateRegistered: String, isOurs: Bool) throws {
        let begun = try #require(Timestamp(rfc3339: "2026-04-25T10:15:30.500Z"))
        let intent = CreationIntent(key: RecordKey(partition: "p", sort: "s"), begunAt: begun)
        #expect(intent.mayHaveMade(userRegistered: dateRegistered) == isOurs)
        #expect(!intent.mayHaveMade(userRegistered: nil))
    }
}
