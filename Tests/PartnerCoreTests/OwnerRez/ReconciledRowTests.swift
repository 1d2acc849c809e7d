import Testing

@testable import PartnerCore

@Suite("A row of a list", .serialized)
struct ReconciledRowTests {
    private typealias Under = InboxUnderTest
    private static let since = Timestamp(epochSeconds: 1_700_000_000)

    private func reconcile(
        _ test: InboxUnderTest, _ row: ReconciledRow, since: Timestamp = since
    ) throws -> EventInbox.Reconciliation {
        try test.inbox.acceptReconciled(row, toldSince: since, in: test.invocation)
    }

    @Test("becomes an event that says where it comes from")
    func text() throws {
        let row = try json(#"{"id":7,"updated_utc":"2026-08-30T14:00:00+02:00","total":1e2,"guest":{"n":"é"}}"#)
        #expect(
            ReconciledRow(row, type: "booking", account: 5)?.event.text
                == #"{"id":"reconcile/booking/7/2026-08-30T12:00:00.000000000Z","user_id":5,"#
                + #""action":"entity_update","entity_type":"booking","entity_id":7,"source":"reconcile","#
                + #""entity":{"id":7,"updated_utc":"2026-08-30T14:00:00+02:00","total":1e2,"guest":{"n":"é"}}}"#)
        let timeless = try #require(ReconciledRow(json(#"{"id":"g-1"}"#), type: "guest", account: 5))
        #expect(timeless.event.id == #""reconcile/guest/g-1/\#(OwnerRezEvent.digest(Array(#"{"id":"g-1"}"#.utf8)))""#)
        #expect(timeless.event.entity == "guest/g-1")
        for text in ["{}", #"{"id":null}"#, #"{"id":""}"#, #"{"id":"Ada Lovelace"}"#, "[]", "7"] {
            #expect(ReconciledRow(try json(text), type: "guest", account: 5) == nil)
        }
    }

    @Test("is known if it was told as it is, or later, in any order", arguments: Backend.allCases)
    func known(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        for second in [5, 3] {
            _ = try test.inbox.accept(Under.event(updated: "2026-08-30T12:00:0\(second).0Z"), in: test.invocation)
        }
        for second in [1, 3, 4, 5] {
            #expect(try reconcile(test, Under.row(updated: "2026-08-30T12:00:0\(second)Z")) == .known)
        }
        #expect(try test.waiting.count == 2)
        #expect(try reconcile(test, Under.row(booking: 8, updated: "2026-08-30T12:00:01Z")) == .appended)
    }

    @Test("is appended once where nothing told of it", arguments: Backend.allCases)
    func appended(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        _ = try test.inbox.accept(Under.event(updated: "2026-08-30T12:00:00Z"), in: test.invocation)
        test.pass(seconds: 10)
        let row = try Under.row(updated: "2026-08-30T12:00:01Z", status: "active")
        #expect(try reconcile(test, row) == .appended)
        #expect(try reconcile(test, row) == .known)
        let waiting = try test.waiting
        #expect(waiting.map { $0.source } == [.webhook, .reconcile])
        #expect(waiting.last?.event == row.event)
        #expect(
            try test.told().last?.attributes == [
                "action": "entity_update", "state": row.event.stateDigest, "receivedAt": test.stores.now.attribute,
                "updated": "2026-08-30T12:00:01.000000000Z",
            ])
        #expect(try test.told().allSatisfy { $0.expires != nil })
    }

    @Test("a webhook that comes late is an event all the same", arguments: Backend.allCases)
    func lateWebhook(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        #expect(try reconcile(test, Under.row(updated: "2026-08-30T12:00:00Z")) == .appended)
        let event = try Under.event(updated: "2026-08-30T12:00:00Z")
        #expect(try test.inbox.accept(event, in: test.invocation) == .accepted)
        #expect(try reconcile(test, Under.row(updated: "2026-08-30T12:00:00Z")) == .known)
    }

    @Test("is known if the entity was deleted since, whoever's clock is slow", arguments: Backend.allCases)
    func deleted(backend: Backend) throws {
        for (behind, outcome) in [(0, EventInbox.Reconciliation.known), (600, .known), (601, .appended)] {
            let test = try InboxUnderTest(backend)
            _ = try test.inbox.accept(Under.event(action: "entity_delete"), in: test.invocation)
            // Too late to tell anything, and yet the last to be told.
            _ = try test.inbox.accept(Under.event(updated: "2020-01-01T00:00:00Z"), in: test.invocation)
            let changed = test.stores.now.adding(seconds: behind).rfc3339
            #expect(try reconcile(test, Under.row(updated: changed)) == outcome, "\(behind)")
        }
    }

    @Test("without a time is known if anything was told about it since", arguments: Backend.allCases)
    func timeless(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let row = try Under.row(updated: nil)
        #expect(try reconcile(test, row, since: test.stores.now) == .appended)
        #expect(try reconcile(test, row, since: test.stores.now) == .known)
        let then = test.stores.now
        test.pass(seconds: 1)
        #expect(try reconcile(test, row, since: then) == .known)
        #expect(try reconcile(test, row, since: then.adding(milliseconds: 1)) == .appended)
        #expect(try test.waiting.count == 2)
        #expect(try test.told().map { $0.key.sort } == ["latest"])
    }

    @Test(
        "of which a webhook may have told, without a time, is appended and no sign of anything",
        arguments: Backend.allCases)
    func unclear(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let before = test.stores.now.adding(seconds: -1).rfc3339
        let after = test.stores.now.adding(seconds: 1).rfc3339
        _ = try test.inbox.accept(Under.event(), in: test.invocation)
        #expect(try reconcile(test, Under.row(updated: after)) == .appended)
        _ = try test.inbox.accept(Under.event(booking: 8), in: test.invocation)
        #expect(try reconcile(test, Under.row(booking: 8, updated: before)) == .appendedToBeSure)
        #expect(try reconcile(test, Under.row(booking: 8, updated: before)) == .known)
    }

    @Test(
        "is decided anew when a webhook tells meanwhile: nothing older comes behind anything newer",
        arguments: Backend.allCases)
    func race(backend: Backend) throws {
        for second in 0...2 {
            let test = try InboxUnderTest(backend)
            _ = try test.inbox.accept(Under.event(booking: 8, updated: "2026-08-30T12:00:01Z"), in: test.invocation)
            let isFirst = Lock(true)
            let racing = EventInbox(test.stores.store) {
                // Between the look and the transaction.
                if isFirst.withLock({ first in
                    defer { first = false }; return first
                }),
                    let event = try? Under.event(updated: "2026-08-30T12:00:0\(second)Z", status: "active")
                {
                    #expect((try? test.another.accept(event, in: test.invocation)) == .accepted)
                }
                return test.stores.now
            }
            let row = try Under.row(updated: "2026-08-30T12:00:01Z")
            let outcome = try racing.acceptReconciled(row, toldSince: Self.since, in: test.invocation)
            #expect(outcome == (second == 0 ? .appended : .known))
            #expect(try test.waiting.filter { $0.source == .reconcile }.count == (second == 0 ? 1 : 0))
        }
    }

    @Test("comes behind what was told before it, by a clock that is ahead of ours", arguments: Backend.allCases)
    func clocks(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let inbox = try test.inbox(secondsAhead: 600)
        _ = try inbox.accept(Under.event(updated: "2026-08-30T12:00:00Z"), in: test.invocation)
        #expect(try reconcile(test, Under.row(updated: "2026-08-30T12:00:01Z")) == .appended)
        #expect(try reconcile(test, Under.row(updated: "2026-08-30T12:00:02Z")) == .appended)
        #expect(try test.seconds == ["0", "1", "2"])
    }

    @Test("comes before what is told after it, by a clock that is behind ours", arguments: Backend.allCases)
    func slowClock(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        #expect(try reconcile(test, Under.row(updated: "2026-08-30T12:00:01Z")) == .appended)
        let inbox = try test.inbox(secondsAhead: -9)
        _ = try inbox.accept(Under.event(updated: "2026-08-30T12:00:02Z"), in: test.invocation)
        #expect(try test.seconds == ["1", "2"])
    }

    @Test("comes behind nothing newer while webhooks tell of the same", arguments: Backend.allCases)
    func amongWebhooks(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let ticks = Lock(0)
        let clock = { @Sendable () -> Timestamp in
            test.stores.now.adding(
                milliseconds: ticks.withLock {
                    $0 += 1
                    return $0
                })
        }
        let webhooks = EventInbox(try test.stores.opened(clock), now: clock)
        let reconcile = EventInbox(try test.stores.opened(clock), now: clock)
        for booking in 0..<30 {
            _ = concurrently(2) { side -> Bool in
                guard side == 0 else {
                    guard let row = try? Under.row(booking: booking, updated: "2026-08-30T12:00:04Z") else {
                        return false
                    }
                    sleep(milliseconds: booking % 10)
                    return (try? reconcile.acceptReconciled(row, toldSince: Self.since, in: test.invocation)) != nil
                }
                for second in [1, 3, 5, 7] {
                    let event = try? Under.event(booking: booking, updated: "2026-08-30T12:00:0\(second)Z")
                    guard let event, (try? webhooks.accept(event, in: test.invocation)) == .accepted else {
                        return false
                    }
                }
                return true
            }
        }
        let all = try test.waiting
        for booking in 0..<30 {
            let seconds = all.filter { $0.event.entity == "booking/\(booking)" }
                .compactMap { $0.event.changedAt.map { String($0.text.dropFirst(18).prefix(1)) } }
            #expect(
                [
                    ["1", "3", "5", "7"], ["1", "3", "4", "5", "7"], ["1", "4", "3", "5", "7"],
                    ["4", "1", "3", "5", "7"],
                ]
                .contains { $0 == seconds }, "\(seconds)")
        }
    }

    @Test("is not moved into a future that nobody believes", arguments: Backend.allCases)
    func farAhead(backend: Backend) throws {
        let test = try InboxUnderTest(backend)
        let inbox = EventInbox(test.stores.store) { test.stores.now.adding(seconds: 86_400) }
        _ = try inbox.accept(Under.event(updated: "2026-08-30T12:00:00Z"), in: test.invocation)
        #expect(try reconcile(test, Under.row(updated: "2026-08-30T12:00:01Z")) == .appended)
        let event = try #require(try test.waiting.first { $0.source == .reconcile })
        #expect(event.receivedAt <= test.stores.now)
        #expect(try test.told().last?.attributes["receivedAt"] == test.stores.now.attribute)
    }
}
