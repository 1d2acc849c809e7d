import Testing

@testable import PartnerCore

@Suite("What has been told", .serialized)
struct ToldEventsTests {
    private typealias Under = InboxUnderTest

    @Test("is kept beside the event, in the same transaction", arguments: Backend.allCases)
    func records(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let event = try Under.event(id: "a", updated: "2026-08-30T14:00:00.5+02:00")
        #expect(try test.inbox.accept(event, in: test.invocation) == .accepted)
        let told = try test.told()
        let text =
            #"{"user_id":347482730,"action":"entity_update","entity_type":"booking","entity_id":7,"#
            + #""entity":{"id":7,"status":"pending","updated_utc":"2026-08-30T14:00:00.5+02:00"}}"#
        let digest = String(hexadecimal(sha256(Array(text.utf8))).prefix(32))
        let entity = #"[false,{"id":7,"status":"pending","updated_utc":"2026-08-30T14:00:00.5+02:00"}]"#
        let state = String(hexadecimal(sha256(Array(entity.utf8))).prefix(32))
        #expect(told.map { $0.key.sort } == ["2026-08-30T12:00:00.500000000Z#\(digest)", "latest"])
        #expect(told[0].attributes == ["receivedAt": "1800000000000"])
        #expect(
            told[1].attributes == [
                "action": "entity_update", "state": state, "receivedAt": "1800000000000",
                "updated": "2026-08-30T12:00:00.500000000Z",
            ])
        #expect(told.allSatisfy { $0.expires == test.stores.now.adding(seconds: 30 * 86_400) })
        let (waiting) = try test.waiting
        #expect(waiting.map { $0.event.text } == [event.text])
        #expect(waiting.map { $0.source } == [.webhook])
        let stored = try test.stores.store.list(partition: event.shard.waiting, in: test.invocation)
        #expect(stored.map { $0.attributes } == [["event": event.text]], "as older builds wrote it")
    }

    @Test("the same change under two ids is one event, whatever way and in what spelling", arguments: Backend.allCases)
    func twoIDs(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let updated = "2026-08-30T12:00:00Z"
        #expect(try test.inbox.accept(Under.event(id: "a", updated: updated), in: test.invocation) == .accepted)
        let before = try test.told()
        test.pass(seconds: 5)
        #expect(try test.another.accept(Under.event(id: "b", updated: updated), in: test.invocation) == .duplicate)
        let spaced = try Under.event(id: "c", updated: updated).text.replacing(",\"", with: " ,\n\"")
        #expect(try test.inbox.accept(OwnerRezEvent(text: spaced, json(spaced)), in: test.invocation) == .duplicate)
        #expect(try test.waiting.map { $0.event.id } == [#""a""#])
        #expect(try test.told() == before, "nothing of the other is left")
        let repeated = RecordKey(partition: #"ownerrez-event#"b""#, sort: "received")
        #expect(try test.stores.store.get(repeated, in: test.invocation) == nil)
    }

    @Test("a state that comes back is another change", arguments: Backend.allCases)
    func backAgain(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for (second, status) in ["pending", "active", "pending"].enumerated() {
            let event = try Under.event(updated: "2026-08-30T12:00:0\(second)Z", status: status)
            #expect(try test.inbox.accept(event, in: test.invocation) == .accepted)
        }
        #expect(try test.waiting.count == 3)
    }

    @Test(
        "so is one that comes back without another time, and each is known under two ids", arguments: Backend.allCases)
    func backAtOnce(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for (status, outcome) in [
            ("pending", EventInbox.Acceptance.accepted), ("pending", .duplicate), ("active", .accepted),
            ("active", .duplicate), ("pending", .accepted), ("pending", .duplicate), ("active", .accepted),
        ] {
            let event = try Under.event(updated: "2026-08-30T12:00:00Z", status: status)
            #expect(try test.inbox.accept(event, in: test.invocation) == outcome)
            #expect(try test.another.accept(event, in: test.invocation) == .duplicate, "sent again")
            test.pass(seconds: 5)
        }
        #expect(try test.waiting.count == 4)
        #expect(try test.told().count == 3)
    }

    @Test("what comes back is taken once, by whomever of several", arguments: Backend.allCases)
    func backByMany(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for status in ["pending", "active"] {
            let event = try Under.event(updated: "2026-08-30T12:00:00Z", status: status)
            #expect(try test.inbox.accept(event, in: test.invocation) == .accepted)
        }
        let outcomes = concurrently(4) { number -> Bool in
            guard let event = try? Under.event(updated: "2026-08-30T12:00:00Z") else { return false }
            let inbox = number % 2 == 0 ? test.inbox : test.another
            return (try? inbox.accept(event, in: test.invocation)) == .accepted
        }
        #expect(outcomes.filter { $0 }.count == 1)
        #expect(try test.waiting.count == 3)
    }

    @Test("the same state told for several reasons is known under two ids", arguments: Backend.allCases)
    func oneStateTwice(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for outcome in [EventInbox.Acceptance.accepted, .duplicate] {
            for action in ["entity_create", "entity_update"] {
                let event = try Under.event(action: action, updated: "2026-08-30T12:00:00Z")
                #expect(try test.inbox.accept(event, in: test.invocation) == outcome)
            }
        }
    }

    @Test("an older state that comes once more, late, is no change", arguments: Backend.allCases)
    func lateRepetition(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for (second, outcome) in [(0, EventInbox.Acceptance.accepted), (1, .accepted), (0, .duplicate)] {
            let event = try Under.event(updated: "2026-08-30T12:00:0\(second)Z")
            #expect(try test.inbox.accept(event, in: test.invocation) == outcome)
        }
    }

    @Test("what was made again can be deleted again", arguments: Backend.allCases)
    func deletedAgain(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for (action, outcome) in [
            ("entity_delete", EventInbox.Acceptance.accepted), ("entity_delete", .duplicate),
            ("entity_create", .accepted), ("entity_delete", .accepted), ("entity_delete", .duplicate),
        ] {
            let updated = action == "entity_create" ? "2026-08-30T12:00:00Z" : nil
            let event = try Under.event(action: action, updated: updated)
            #expect(try test.inbox.accept(event, in: test.invocation) == outcome)
        }
    }

    @Test("what has no time is never the same under two ids", arguments: Backend.allCases)
    func noTime(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for updated in [nil, nil, "yesterday"] {
            #expect(try test.inbox.accept(Under.event(updated: updated), in: test.invocation) == .accepted)
        }
        #expect(try test.waiting.count == 3)
        #expect(try test.told().map { $0.attributes["updated"] } == [nil])
    }

    @Test("a deletion without a time is known under two ids, for a day", arguments: Backend.allCases)
    func deletion(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        #expect(try test.inbox.accept(Under.event(action: "entity_delete"), in: test.invocation) == .accepted)
        #expect(try test.told().map { $0.key.sort.hasPrefix("delete#") } == [true, false])
        test.pass(seconds: 86_399)
        #expect(try test.another.accept(Under.event(action: "entity_delete"), in: test.invocation) == .duplicate)
        test.pass(seconds: 1)
        #expect(try test.another.accept(Under.event(action: "entity_delete"), in: test.invocation) == .accepted)
    }

    @Test("webhooks out of order are all events, in the order of their arrival", arguments: Backend.allCases)
    func outOfOrder(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for second in [2, 0, 1] {
            let event = try Under.event(id: "\(second)", updated: "2026-08-30T12:00:0\(second)Z")
            #expect(try test.inbox.accept(event, in: test.invocation) == .accepted)
        }
        #expect(try test.waiting.map { $0.event.id } == [#""2""#, #""0""#, #""1""#])
        #expect(try test.told().count == 4)
        #expect(try test.told().last?.attributes["updated"] == "2026-08-30T12:00:01.000000000Z")
    }

    @Test("nothing is kept of what is about no entity, or nobody's", arguments: Backend.allCases)
    func noEntity(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for text in [
            #"{"id":1,"user_id":347482730,"action":"webhook_test"}"#,
            #"{"id":2,"action":"entity_update","entity_type":"booking","entity_id":7,"entity":{"updated_utc":"x"}}"#,
        ] {
            #expect(try test.inbox.accept(OwnerRezEvent(text: text, json(text)), in: test.invocation) == .accepted)
        }
        #expect(try test.told().isEmpty)
        #expect(try ToldEntity(Under.event())?.partition == "ownerrez-told#347482730/booking/7")
    }

    @Test("one of several that tell the same at once is taken", arguments: Backend.allCases)
    func atOnce(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let outcomes = concurrently(8) { number -> Bool in
            guard let event = try? Under.event(updated: "2026-08-30T12:00:00Z") else { return false }
            let inbox = number % 2 == 0 ? test.inbox : test.another
            return (try? inbox.accept(event, in: test.invocation)) == .accepted
        }
        #expect(outcomes.filter { $0 }.count == 1)
        #expect(try test.waiting.count == 1)
    }
}
