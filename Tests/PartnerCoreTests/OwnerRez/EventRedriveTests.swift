import Testing

@testable import PartnerCore

@Suite("Redriving events", .serialized)
struct EventRedriveTests {
    private static let account = 347_482_730
    private static let shard = InboxShard(ofAccount: account)

    private func invocation() -> Invocation { .forStore() }

    private func arrival(_ number: Int) -> String { "\(1_790_000_000_000 + number)-000aaaaaaaaaaaa" }

    private func put(
        _ test: StoreUnderTest, _ partition: String, _ number: Int, _ more: [String: String] = [:]
    ) throws {
        let text =
            #"{"id":\#(number),"user_id":\#(Self.account),"action":"entity_update","entity_type":"booking","#
            + #""entity_id":7}"#
        try test.store.put(
            RecordKey(partition: partition, sort: arrival(number)), ["event": text].merging(more) { $1 },
            in: invocation())
    }

    private func pause(_ test: StoreUnderTest, until seconds: Int) throws {
        let key = InboxPause(of: "booking/7", until: Timestamp(epochSeconds: seconds), in: Self.shard).key
        try test.store.put(key, [:], in: invocation())
    }

    private let givenUp = [
        "attempts": "8", "reason": "refused", "givenUpAt": "1790000007200", "receivedAt": "1790000000002",
        "source": "webhook", "subject": "user-42", "connection": "347482730",
    ]

    private func found(_ test: StoreUnderTest, _ states: [FoundEvent.State]) throws -> [FoundEvent] {
        var filter = EventFilter()
        filter.states = states
        var listing = EventInbox(test.store) { test.now }.listing(filter)
        var found: [FoundEvent] = []
        while let page = try listing.next(in: invocation()) { found += page }
        return found
    }

    private func redrive(_ test: StoreUnderTest, _ events: [FoundEvent]) throws -> [EventRedrive.Outcome] {
        var outcomes: [EventRedrive.Outcome] = []
        try EventRedrive(EventInbox(test.store) { test.now }).redrive(events, in: invocation()) { outcomes.append($1) }
        return outcomes
    }

    private func records(_ test: StoreUnderTest, _ partition: String) throws -> [Record] {
        try test.store.list(partition: partition, in: invocation())
    }

    private func numbers(_ test: StoreUnderTest, _ partition: String) throws -> [Int] {
        try records(test, partition).map { Int($0.key.sort.prefix(13))! - 1_790_000_000_000 }
    }

    @Test("puts one that was given up before what waits, as if it were never refused", arguments: Backend.allCases)
    func givenUpAlone(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try put(test, "ownerrez-given-up", 2, givenUp)
        try put(test, Self.shard.waiting, 5)
        #expect(try redrive(test, found(test, [.givenUp])) == [.redriven])
        #expect(try numbers(test, Self.shard.waiting) == [2, 5])
        #expect(try records(test, Self.shard.waiting)[0].attributes.keys.sorted() == ["event"])
        #expect(try records(test, "ownerrez-given-up") == [] && records(test, "ownerrez-inbox-lease") == [])
    }

    @Test("has those of its entity wait no more, the older ones before it", arguments: Backend.allCases)
    func givenUpAmong(backend: Backend) throws {
        for (number, order) in [(2, [2, 3, 5]), (4, [3, 4, 5])] {
            let test = try StoreUnderTest(backend)
            try put(test, "ownerrez-given-up", number, givenUp)
            try put(test, Self.shard.aside("booking/7"), 3, ["attempts": "7", "pausedUntil": "1800003600000"])
            try put(test, Self.shard.aside("booking/7"), 5)
            try pause(test, until: 1_800_003_600)
            #expect(try redrive(test, found(test, [.givenUp])) == [.redriven])
            #expect(try numbers(test, Self.shard.aside("booking/7")) == order)
            let first = try records(test, Self.shard.aside("booking/7"))[0]
            #expect(first.attributes["pausedUntil"] == "1800000000000" && first.attributes["attempts"] == nil)
            #expect(try records(test, Self.shard.pauses).map { $0.key.sort } == ["001800000000000-booking/7"])
            #expect(try records(test, Self.shard.waiting) == [])
        }
    }

    @Test("ends the pause of one that waits, and of those with it", arguments: Backend.allCases)
    func setAside(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try put(test, Self.shard.aside("booking/7"), 3, ["attempts": "7", "pausedUntil": "1800003600000"])
        try put(test, Self.shard.aside("booking/7"), 4)
        try pause(test, until: 1_800_003_600)
        let last = try found(test, [.setAside]).suffix(1)
        #expect(try redrive(test, Array(last)) == [.redriven])
        #expect(try numbers(test, Self.shard.aside("booking/7")) == [3, 4])
        let first = try records(test, Self.shard.aside("booking/7"))[0]
        #expect(first.attributes["pausedUntil"] == "1800000000000" && first.attributes["attempts"] == nil)
        #expect(try records(test, Self.shard.pauses).map { $0.key.sort } == ["001800000000000-booking/7"])
    }

    @Test("brings back whose event it was where we ourselves told it, and the list's as a list's")
    func sources() throws {
        let test = try StoreUnderTest(.sqlite)
        try put(test, "ownerrez-given-up", 1, givenUp.merging(["source": "connection"]) { $1 })
        try put(test, "ownerrez-given-up", 2, givenUp.merging(["source": "reconcile"]) { $1 })
        _ = try redrive(test, found(test, [.givenUp]))
        let attributes = try records(test, Self.shard.waiting).map { $0.attributes }
        #expect(attributes.map { $0["source"] } == ["connection", "reconcile"])
        #expect(attributes.map { $0["subject"] } == ["user-42", nil])
    }

    @Test("leaves alone what goes on anyway, what is kept, what is no event, and what is not as it was")
    func others() throws {
        let test = try StoreUnderTest(.sqlite)
        try put(test, Self.shard.waiting, 1)
        try put(test, "ownerrez-events", 2, ["receivedAt": "1790000000002"])
        try test.store.put(
            RecordKey(partition: "ownerrez-given-up", sort: arrival(3)), ["event": "{"], in: invocation())
        try put(test, "ownerrez-given-up", 4, givenUp)
        let all = try found(test, FoundEvent.State.allCases)
        try put(test, "ownerrez-given-up", 4, givenUp.merging(["attempts": "9"]) { $1 })
        let before = try test.store.scan(prefix: "", limit: 100, in: invocation()).records
        #expect(try redrive(test, all) == [.waiting, .kept, .noEvent, .moved])
        #expect(
            try test.store.scan(prefix: "", limit: 100, in: invocation()).records.map { $0.key }
                == before.map { $0.key })
        #expect(try redrive(test, found(test, [.givenUp])) == [.noEvent, .redriven])
        #expect(try redrive(test, all.filter { $0.state == .givenUp }) == [.noEvent, .moved], "it is moved once")
        #expect(try numbers(test, Self.shard.waiting) == [1, 4])
    }

    @Test("holds the lease while it moves anything, so that nobody passes on meanwhile")
    func lease() throws {
        let test = try StoreUnderTest(.sqlite)
        try put(test, "ownerrez-given-up", 2, givenUp)
        try put(test, Self.shard.aside("booking/7"), 3, ["pausedUntil": "1800003600000"])
        let events = try found(test, [.givenUp])
        let isHeld = Lock<[Bool]>([])
        // It asks for the time before it has the lease, and when it puts the event into its place.
        let inbox = EventInbox(test.store) {
            let lease = try? test.another.get(Self.shard.lease, in: .forStore())
            isHeld.withLock { $0.append(lease != nil) }
            return test.now
        }
        try EventRedrive(inbox).redrive(events, in: invocation()) { _, _ in }
        #expect(isHeld.withLock { $0 } == [false, true])
        #expect(try numbers(test, Self.shard.aside("booking/7")) == [2, 3])
    }

    @Test("waits while others pass on, and gives up with the time")
    func busy() throws {
        let test = try StoreUnderTest(.sqlite)
        let inbox = EventInbox(test.store) { test.now }
        try put(test, "ownerrez-given-up", 2, givenUp)
        let lease = try #require(try InboxLease.take(Self.shard.lease, of: inbox, in: invocation()))
        let events = try found(test, [.givenUp])
        #expect(throws: StoreError.timedOut) {
            try EventRedrive(inbox).redrive(events, in: .forStore(milliseconds: 5_300)) { _, _ in }
        }
        #expect(try numbers(test, "ownerrez-given-up") == [2])
        try lease.release(to: inbox, in: invocation())
        #expect(try redrive(test, events) == [.redriven])
    }

    @Test("that is killed anywhere has moved an event or has not, and the next one goes on")
    func killed() throws {
        for steps in 1...40 {
            let file = SharedFile()
            let clock = Lock(Timestamp(epochSeconds: 1_800_000_000))
            let now: @Sendable () -> Timestamp = { clock.withLock { $0 } }
            let whole = try file.open(UpkeepProcess.Life(steps: .max), now)
            for number in 0..<4 {
                let text = #"{"user_id":\#(Self.account),"entity_type":"booking","entity_id":\#(number % 2)}"#
                try whole.put(
                    RecordKey(partition: "ownerrez-given-up", sort: arrival(number)), ["event": text], in: invocation())
            }
            func redrive(_ store: RecordStore) throws {
                let inbox = EventInbox(store, now: now)
                var filter = EventFilter()
                filter.states = [.givenUp]
                var listing = inbox.listing(filter)
                while let page = try listing.next(in: invocation()) {
                    try EventRedrive(inbox).redrive(page, in: .forStore(milliseconds: 8_000)) { _, _ in }
                }
            }
            let life = UpkeepProcess.Life(steps: steps)
            try? redrive(file.open(life, now))
            let left = try whole.list(partition: "ownerrez-given-up", in: invocation()).map { $0.key.sort }
            let back = try whole.list(partition: Self.shard.waiting, in: invocation()).map { $0.key.sort }
            #expect((left + back).sorted() == (0..<4).map { arrival($0) }, "killed after \(steps)")
            // The lease goes by itself.
            clock.withLock { $0 = $0.adding(seconds: 60) }
            try redrive(whole)
            let all = try whole.list(partition: Self.shard.waiting, in: invocation()).map { $0.key.sort }
            #expect(all == (0..<4).map { arrival($0) }, "killed after \(steps)")
            guard life.isOver else { return }
        }
        Issue.record("it never came to its end")
    }
}
