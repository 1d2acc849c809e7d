import Testing

@testable import PartnerCore

@Suite("Events that somebody has to take", .serialized)
struct EventRetentionTests {
    private func invocation() -> Invocation { .forStore() }

    /// An event that waits, and has waited for a hundred days.
    private func waiting(_ test: StoreUnderTest) throws -> WaitingEvent {
        let key = RecordKey(partition: InboxShard(ofAccount: 7).waiting, sort: "1791360000000-000aaaaaaaaaaaa")
        let text = #"{"user_id":7,"action":"disconnected","entity_type":"connection","entity_id":7}"#
        try test.store.put(
            key, ["event": text, "source": "connection", "subject": "user-42", "attempts": "7"], in: invocation())
        return try WaitingEvent(try #require(try test.store.get(key, in: invocation())))
    }

    private func one(_ test: StoreUnderTest, _ partition: String) throws -> Record {
        try #require(try test.store.list(partition: partition, in: invocation()).first)
    }

    @Test(
        "are there for so many days from when they are put there, however long they waited", arguments: Backend.allCases
    )
    func expiry(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let inbox = EventInbox(
            test.store, keptFor: EventRetention(kept: Retention(days: 30), givenUp: Retention(days: 60))
        ) { test.now }
        func days(_ record: Record) -> Int? { record.expires.map { ($0.epochSeconds - 1_800_000_000) / 86_400 } }
        try inbox.keep(OutgoingEvent(waiting(test), as: .envelope, of: nil), in: invocation())
        #expect(try days(one(test, "ownerrez-events")) == 30)
        try inbox.giveUp(
            OutgoingEvent(waiting(test), as: .envelope, of: nil), attempts: 8, since: "refused", in: invocation())
        #expect(try days(one(test, "ownerrez-given-up")) == 60)
        try test.store.put(
            RecordKey(partition: InboxShard(ofAccount: 7).waiting, sort: "no-time"), ["event": "{}"], in: invocation())
        let record = try one(test, InboxShard(ofAccount: 7).waiting)
        #expect(try inbox.readOrGiveUp(record, in: invocation()) == nil)
        let givenUp = try test.store.list(partition: "ownerrez-given-up", in: invocation())
        #expect(givenUp.map { days($0) } == [60, 60])
        #expect(givenUp.last?.attributes == ["event": "{}"], "as it was")
    }

    @Test("that are given up keep what they were stored with, in any format, and say why and since when")
    func givenUp() throws {
        let test = try StoreUnderTest(.sqlite)
        let inbox = EventInbox(test.store) { test.now }
        for format in [EventFormat.envelope, .verbatim] {
            try inbox.giveUp(
                OutgoingEvent(waiting(test), as: format, of: "user-42"), attempts: 8, since: "refused",
                in: invocation())
            let record = try one(test, "ownerrez-given-up")
            let some = ["source": "connection", "subject": "user-42", "attempts": "8", "reason": "refused"]
            for (name, value) in some { #expect(record.attributes[name] == value, "\(name)") }
            #expect(record.attributes["givenUpAt"] == "1800000000000" && record.expires == nil)
            try test.store.delete(record.key, in: invocation())
        }
    }
}
