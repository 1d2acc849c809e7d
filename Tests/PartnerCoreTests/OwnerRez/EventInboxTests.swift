import Testing

@testable import PartnerCore

@Suite("The inbox of events")
struct EventInboxTests {
    private let key = InboxShard.all[3].lease

    private func event(_ number: Int) throws -> OwnerRezEvent {
        let text = #"{"id":\#(number),"entity_type":"booking","entity_id":7}"#
        return OwnerRezEvent(text: text, try json(text))
    }

    @Test("keeps the order of arrival within a millisecond, and when the clock steps back", arguments: Backend.allCases)
    func order(backend: Backend) throws {
        let stores = try StoreUnderTest(backend)
        let inbox = EventInbox(stores.store) { stores.now }
        let invocation = Invocation.forStore()
        for number in 0..<4 {
            if number == 3 { stores.setClock(to: Timestamp(epochSeconds: stores.now.epochSeconds - 60)) }
            #expect(try inbox.accept(event(number), in: invocation) == .accepted)
        }
        let shard = try event(0).shard
        let waiting = try inbox.waiting(in: shard, in: invocation).map { (record) in try WaitingEvent(record) }
        #expect(waiting.map { $0.event.id } == ["0", "1", "2", "3"])
        #expect(waiting.allSatisfy { $0.receivedAt == waiting[0].receivedAt })
        #expect(try inbox.waiting(in: shard, atMost: 1, in: invocation).count == 1)
    }

    @Test("has an account's events in one part, and spreads accounts over all")
    func shards() throws {
        let accounts = Array(1...64) + (0..<64).map { 347_000_000 + 2 * $0 }
        let partitions = Set(accounts.map { InboxShard(ofAccount: $0).waiting })
        #expect(partitions.count == 16)
        #expect(InboxShard(ofAccount: 347_482_730).waiting == "ownerrez-inbox#a")
        #expect(InboxShard(ofAccount: nil).waiting == "ownerrez-inbox#0")
        #expect(InboxShard(ofAccount: .max).waiting.hasPrefix("ownerrez-inbox#"))
    }

    @Test("knows a repetition for a month", arguments: Backend.allCases)
    func repetition(backend: Backend) throws {
        let stores = try StoreUnderTest(backend)
        let inbox = EventInbox(stores.store) { stores.now }
        let another = EventInbox(stores.another) { stores.now }
        let invocation = Invocation.forStore()
        let month = 30 * 86_400
        #expect(try inbox.accept(event(1), in: invocation) == .accepted)
        stores.setClock(to: Timestamp(epochSeconds: stores.now.epochSeconds + month - 1))
        #expect(try another.accept(event(1), in: invocation) == .duplicate)
        stores.setClock(to: Timestamp(epochSeconds: stores.now.epochSeconds + 2))
        #expect(try another.accept(event(1), in: invocation) == .accepted)
    }

    @Test("is worked off by one at a time, until that one is done or must be gone", arguments: Backend.allCases)
    func lease(backend: Backend) throws {
        let stores = try StoreUnderTest(backend)
        let inbox = EventInbox(stores.store) { stores.now }
        let another = EventInbox(stores.another) { stores.now }
        let invocation = Invocation.forStore(milliseconds: 28_000)
        let lease = try #require(try InboxLease.take(key, of: inbox, in: invocation))
        #expect(lease.turn.remainingMilliseconds <= 20_000)
        #expect(try InboxLease.take(key, of: another, in: invocation) == nil)
        #expect(try InboxLease.take(InboxShard.all[4].lease, of: another, in: invocation) != nil)
        try lease.release(to: inbox, in: invocation)
        #expect(try InboxLease.take(key, of: another, in: invocation) != nil)
        // The platform has ended it by now, and clocks differ by less than this.
        stores.setClock(to: Timestamp(epochSeconds: stores.now.epochSeconds + 39))
        #expect(try InboxLease.take(key, of: inbox, in: invocation) != nil)
    }

    @Test("is left alone with little time left")
    func littleTime() throws {
        let inbox = EventInbox(try StoreUnderTest(.sqlite).store)
        #expect(try InboxLease.take(key, of: inbox, in: .forStore(milliseconds: 5_000)) == nil)
    }
}
