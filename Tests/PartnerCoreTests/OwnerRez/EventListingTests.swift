import Testing

@testable import PartnerCore

@Suite("What an operator finds of events", .serialized)
struct EventListingTests {
    private static let account = 347_482_730
    private static let shard = InboxShard(ofAccount: account)

    private func invocation() -> Invocation { .forStore() }

    private func arrival(_ number: Int) -> String { "\(1_790_000_000_000 + number)-000aaaaaaaaaaaa" }

    private func text(_ number: Int, booking: Int = 7, account: Int = account) -> String {
        #"{"id":\#(number),"user_id":\#(account),"action":"entity_update","entity_type":"booking","#
            + #""entity_id":\#(booking)}"#
    }

    private func put(
        _ test: StoreUnderTest, _ partition: String, _ number: Int, booking: Int = 7, account: Int = account,
        _ more: [String: String] = [:]
    ) throws {
        let attributes = ["event": text(number, booking: booking, account: account)].merging(more) { $1 }
        try test.store.put(
            RecordKey(partition: partition, sort: arrival(number)), attributes, in: invocation())
    }

    private func found(_ test: StoreUnderTest, _ change: (inout EventFilter) -> Void = { _ in }) throws -> [FoundEvent]
    {
        var filter = EventFilter()
        change(&filter)
        var listing = EventInbox(test.store) { test.now }.listing(filter)
        var found: [FoundEvent] = []
        while let page = try listing.next(in: invocation()) { found += page }
        return found
    }

    private func numbers(_ found: [FoundEvent]) -> [Int] {
        found.map { Int($0.arrival.prefix(13))! - 1_790_000_000_000 }
    }

    /// One in each state, another account's, and one that waits behind another.
    private func lay(_ test: StoreUnderTest) throws {
        try put(test, "ownerrez-events", 1, ["receivedAt": "1790000000001", "source": "webhook", "subject": "user-42"])
        try put(
            test, "ownerrez-given-up", 2,
            ["attempts": "8", "reason": "the receiver answered 422", "givenUpAt": "1790000007200"])
        try put(test, Self.shard.aside("booking/7"), 3, ["attempts": "3", "pausedUntil": "1800000240000"])
        try put(test, Self.shard.aside("booking/7"), 4)
        for until in ["001800000240000", "001800000999000"] {
            try test.store.put(
                RecordKey(partition: Self.shard.pauses, sort: "\(until)-booking/7"), [:], in: invocation())
        }
        try put(test, Self.shard.waiting, 5, booking: 8)
        try put(test, InboxShard(ofAccount: 8).waiting, 6, account: 8, ["source": "reconcile"])
    }

    @Test("is each event once, wherever it is, with what is known of it", arguments: Backend.allCases)
    func everywhere(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try lay(test)
        let all = try found(test)
        #expect(numbers(all).sorted() == [1, 2, 3, 4, 5, 6])
        #expect(numbers(all).suffix(2) == [1, 2], "in the order in which events move on")
        func one(_ number: Int) throws -> FoundEvent { try #require(all.first { $0.arrival == arrival(number) }) }
        #expect(try one(1).state == .kept && one(1).subject == "user-42")
        let givenUp = try one(2)
        #expect(givenUp.state == .givenUp && givenUp.attempts == 8 && givenUp.reason == "the receiver answered 422")
        #expect(givenUp.givenUpAt == Timestamp(epochMilliseconds: 1_790_000_007_200))
        #expect(givenUp.kind == "booking.entity_update" && givenUp.entity == "booking/7")
        #expect(givenUp.account == Self.account && givenUp.text == text(2) && givenUp.problem == nil)
        let paused = Timestamp(epochMilliseconds: 1_800_000_240_000)
        #expect(try one(3).state == .setAside && one(3).pausedUntil == paused && one(3).attempts == 3)
        #expect(try one(4).state == .setAside && one(4).pausedUntil == paused && one(4).attempts == 0)
        #expect(try one(5).state == .waiting && one(5).source == "webhook" && one(5).pausedUntil == nil)
        #expect(try one(6).source == "reconcile")
    }

    @Test("is what is asked for: by state, account, entity and time", arguments: Backend.allCases)
    func filters(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try lay(test)
        func asked(_ change: (inout EventFilter) -> Void) throws -> [Int] { try numbers(found(test, change)).sorted() }
        #expect(try asked { $0.states = [.givenUp] } == [2])
        #expect(try asked { $0.states = [.setAside, .kept] } == [1, 3, 4])
        #expect(try asked { $0.account = 8 } == [6])
        #expect(try asked { $0.account = 9 } == [])
        #expect(try asked { $0.entity = "booking/8" } == [5])
        #expect(try asked { $0.entity = "booking/7" } == [1, 2, 3, 4, 6])
        #expect(
            try asked {
                $0.entity = "booking/7"
                $0.account = 8
            } == [6])
        func at(_ number: Int) -> Timestamp { Timestamp(epochMilliseconds: 1_790_000_000_000 + number) }
        #expect(try asked { $0.from = at(3) } == [3, 4, 5, 6])
        #expect(try asked { $0.before = at(3) } == [1, 2])
        #expect(
            try asked {
                $0.from = at(2)
                $0.before = at(5)
            } == [2, 3, 4])
        #expect(try asked { $0.from = Timestamp(epochSeconds: 0) } == [1, 2, 3, 4, 5, 6])
        for number in 1...6 { #expect(try asked { $0.arrival = arrival(number) } == [number]) }
        #expect(try asked { $0.arrival = arrival(7) } == [])
    }

    @Test("goes page by page, and holds no more than one", arguments: Backend.allCases)
    func pages(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        for number in 0..<60 { try put(test, "ownerrez-given-up", number, booking: number % 3) }
        // More entities wait than a page of pauses holds, each with more than a page of events but the last ones.
        for booking in 0..<27 {
            let until = "00180000000\(1000 + booking)"
            try test.store.put(
                RecordKey(partition: Self.shard.pauses, sort: "\(until)-booking/\(booking)"), [:], in: invocation())
            for number in 0..<(booking == 0 ? 26 : 1) {
                try put(test, Self.shard.aside("booking/\(booking)"), 1000 + booking * 100 + number, booking: booking)
            }
        }
        var filter = EventFilter()
        filter.states = [.givenUp, .setAside]
        var listing = EventInbox(test.store) { test.now }.listing(filter)
        var (all, largest): ([FoundEvent], Int) = ([], 0)
        while let page = try listing.next(in: invocation()) {
            all += page
            largest = max(largest, page.count)
        }
        #expect(largest == 25)
        let aside = [0] + (1..<27).map { $0 * 100 } + Array(1..<26)
        #expect(numbers(all).sorted() == Array(0..<60) + aside.map { 1000 + $0 }.sorted())
        let some = try found(test) {
            $0.states = [.givenUp]
            $0.from = Timestamp(epochMilliseconds: 1_790_000_000_010)
            $0.before = Timestamp(epochMilliseconds: 1_790_000_000_050)
            $0.entity = "booking/1"
        }
        #expect(numbers(some) == (10..<50).filter { $0 % 3 == 1 })
    }

    @Test("of a record that is no event is why it is none", arguments: Backend.allCases)
    func noEvent(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        try put(test, "ownerrez-given-up", 1)
        try test.store.transact(
            [
                .put(RecordKey(partition: "ownerrez-given-up", sort: arrival(2)), ["event": "{\"guest\":\"Ada"]),
                .put(RecordKey(partition: "ownerrez-given-up", sort: "no-time"), ["event": "{}"]),
                .put(RecordKey(partition: "ownerrez-given-up", sort: arrival(3)), [Record.unreadable: "Ada"]),
            ], in: invocation())
        let all = try found(test)
        #expect(
            all.map { $0.problem } == [
                nil, "an event in the inbox is no JSON", "a record lacks its attribute event",
                "an event's sort key in the inbox is no time",
            ])
        #expect(all.map { $0.text != nil } == [true, false, false, false])
        #expect(try found(test) { $0.account = Self.account }.count == 1)
        #expect(try found(test) { $0.arrival = "no-time" }.map { $0.problem != nil } == [true])
    }
}
