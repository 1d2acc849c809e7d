import Testing

@testable import PartnerCore

@Suite("User links", .serialized)
struct UserLinksTests {
    let test: StoreUnderTest
    let links: UserLinks
    var invocation: Invocation { .forStore() }

    init() throws {
        test = try StoreUnderTest(.sqlite)
        links = UserLinks(test.store)
    }

    private func link(_ subject: String, _ ownliUserID: String, at seconds: Int = 1_800_000_000) -> UserLink {
        UserLink(subject: subject, ownliUserID: ownliUserID, linkedAt: Timestamp(epochMilliseconds: seconds * 1000 + 7))
    }

    private func create(_ link: UserLink) throws -> UserLinks.Outcome {
        try links.create(link, agreedIn: .nothing(link.subject), in: invocation)
    }

    @Test("a link is found by our user's id, to the millisecond")
    func create() throws {
        let link = link("auth0|anna", "XT_USRabc123")
        #expect(try links.link(subject: "auth0|anna", in: invocation) == nil)
        #expect(try create(link) == .linked(link))
        #expect(try links.link(subject: "auth0|anna", in: invocation) == link)
        #expect(try links.link(subject: "auth0|ann", in: invocation) == nil)
        #expect(try links.link(subject: "XT_USRabc123", in: invocation) == nil)
    }

    @Test("the same link again counts as linked, since the first time")
    func again() throws {
        let first = link("anna", "XT_1")
        _ = try create(first)
        #expect(try create(link("anna", "XT_1", at: 1_900_000_000)) == .linked(first))
        #expect(try links.link(subject: "anna", in: invocation) == first)
    }

    @Test("a user who has a link keeps it, and the other Ownli user stays free")
    func alreadyLinked() throws {
        let first = link("anna", "XT_1")
        _ = try create(first)
        #expect(try create(link("anna", "XT_2")) == .alreadyLinked(first))
        let other = link("berta", "XT_2")
        #expect(try create(other) == .linked(other))
    }

    @Test("an Ownli user who is linked to another is refused, and nothing is stored")
    func taken() throws {
        _ = try create(link("anna", "XT_1"))
        #expect(try create(link("berta", "XT_1")) == .takenByAnother)
        #expect(try links.link(subject: "berta", in: invocation) == nil)
        let free = link("berta", "XT_2")
        #expect(try create(free) == .linked(free))
    }

    @Test("a user whose Ownli user is another's, and who has a link, is told of the link")
    func both() throws {
        let annas = link("anna", "XT_1")
        let bertas = link("berta", "XT_2")
        _ = try create(annas)
        _ = try create(bertas)
        #expect(try create(link("anna", "XT_2")) == .alreadyLinked(annas))
    }

    @Test("ids that look alike are different: case, composed letters, separators")
    func lookalikes() throws {
        let pairs = [
            ("anna", "x"), ("Anna", "X"), ("jos\u{E9}", "jos\u{E9}"), ("jose\u{301}", "jose\u{301}"), ("a#b", "c"),
            ("a", "b#c"), (" anna", " x"), ("ownli-user#x", "link#anna"),
        ]
        for (subject, id) in pairs {
            let link = link(subject, id)
            #expect(try create(link) == .linked(link))
        }
        for (subject, id) in pairs {
            let found = try links.link(subject: subject, in: invocation)?.ownliUserID
            #expect(found.map { Array($0.utf8) } == Array(id.utf8))
        }
        let composed = try create(link("jos\u{E9}", "jose\u{301}"))
        #expect(composed == .alreadyLinked(link("jos\u{E9}", "jos\u{E9}")))
    }

    @Test("the same user twice at once gets one link")
    func sameUserAtOnce() throws {
        let outcomes = concurrently(8) { [test, invocation] thread in
            let links = UserLinks(thread.isMultiple(of: 2) ? test.store : test.another)
            return try? links.create(
                UserLink(subject: "anna", ownliUserID: "XT_1", linkedAt: Timestamp(epochSeconds: thread)),
                agreedIn: .nothing("anna"), in: invocation)
        }
        let stored = try #require(try links.link(subject: "anna", in: invocation))
        #expect(outcomes == [UserLinks.Outcome?](repeating: .linked(stored), count: 8))
    }

    @Test("of two users who claim one Ownli user at once, one gets it")
    func twoUsersAtOnce() throws {
        for round in 0..<20 {
            let outcomes = concurrently(2) { [test, invocation] thread in
                let links = UserLinks(thread == 0 ? test.store : test.another)
                let subject = "user\(thread) \(round)"
                return try? links.create(
                    UserLink(subject: subject, ownliUserID: "XT_\(round)", linkedAt: test.now),
                    agreedIn: .nothing(subject), in: invocation)
            }
            let winner = try #require(
                try links.link(subject: "user0 \(round)", in: invocation)
                    ?? links.link(subject: "user1 \(round)", in: invocation))
            #expect(outcomes.contains(.linked(winner)))
            #expect(outcomes.contains(.takenByAnother))
        }
    }

    @Test("a broken record is an error, not an absent link")
    func broken() throws {
        try test.store.put(RecordKey(partition: "link#anna", sort: "ownli"), ["ownliUserId": "XT_1"], in: invocation)
        #expect(throws: StoreError.unreadable(reason: "a record lacks its attribute linkedAt")) {
            try links.link(subject: "anna", in: invocation)
        }
    }
}

extension ConsentHistory {
    /// Of somebody who is not known.
    static func nothing(_ subject: String) -> ConsentHistory {
        ConsentHistory(subject: subject, consents: [], withdrawals: [])
    }
}
