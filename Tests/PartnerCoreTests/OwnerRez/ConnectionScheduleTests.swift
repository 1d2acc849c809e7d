import Testing

@testable import PartnerCore

@Suite("The schedule of connections", .serialized)
struct ConnectionScheduleTests {
    private static let account = ConnectionsUnderTest.account

    private func entry(_ test: ConnectionsUnderTest) throws -> ConnectionSchedule.Entry {
        try #require(try test.another.schedule.entry(account: Self.account, in: test.invocation))
    }

    @Test("lists all of them in pages", arguments: Backend.allCases)
    func pages(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        let schedule = test.connections.schedule
        #expect(try schedule.page(in: test.invocation).entries == [])
        #expect(try schedule.page(in: test.invocation).next == nil)
        let tokens = OwnerRezTokens(access: Secret("at"), refresh: nil, expires: nil)
        for id in 1...5 {
            let account = OwnerRezAccount(id: id, name: nil, scope: nil)
            let connection = Connection(subject: "user-\(id)", account: account, connectedAt: test.stores.now)
            _ = try test.connections.save(connection, tokens, in: test.invocation)
        }
        try test.stores.store.put(
            RecordKey(partition: "ownerrez-connections", sort: "3"), ["x": "nobody's"], in: test.invocation)
        var found: [[Int]] = []
        var start: String?
        repeat {
            let page = try schedule.page(after: start, atMost: 2, in: test.invocation)
            found.append(page.entries.map { $0.account })
            start = page.next
        } while start != nil
        #expect(found == [[1, 2], [4], [5]], "and holds nobody up")
    }

    @Test(
        "gives a connection to one at a time, until that one gives it back or must be gone", arguments: Backend.allCases
    )
    func claim(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        let (schedule, another) = (test.connections.schedule, test.another.schedule)
        try test.save()
        let free = try entry(test)
        #expect(free.due == test.stores.now && free.busyUntil == nil && free.subject == "user-42")
        let end = test.stores.now.adding(seconds: 40)
        let claim = try #require(try schedule.claim(free, until: end, in: test.invocation))
        #expect(try another.claim(free, until: end, in: test.invocation) == nil, "it was read before")
        #expect(try another.claim(entry(test), until: end, in: test.invocation) == nil, "it is taken")
        let next = test.stores.now.adding(seconds: 3600)
        #expect(try schedule.settle(claim, due: next, reached: nil, in: test.invocation))
        #expect(try test.listed == ["subject": "user-42", "due": next.attribute])
        #expect(
            try schedule.settle(claim, due: end, reached: nil, in: test.invocation) == false, "it is not ours any more")

        let lost = try #require(try schedule.claim(entry(test), until: end, in: test.invocation))
        test.pass(seconds: 40)
        let later = end.adding(seconds: 40)
        let taken = try #require(try another.claim(entry(test), until: later, in: test.invocation))
        #expect(try schedule.settle(lost, due: end, reached: nil, in: test.invocation) == false)
        #expect(try entry(test).busyUntil == later)
        #expect(try another.settle(taken, due: next, reached: nil, in: test.invocation))
    }

    @Test(
        "looks at once after what was connected again meanwhile, and lets whoever is at it finish",
        arguments: Backend.allCases)
    func wanted(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        let schedule = test.connections.schedule
        try test.save()
        let end = test.stores.now.adding(seconds: 40)
        let claim = try #require(try schedule.claim(entry(test), until: end, in: test.invocation))
        test.pass(seconds: 1)
        try test.save("at_2")
        #expect(try entry(test).busyUntil == end)
        #expect(try schedule.settle(claim, due: end.adding(seconds: 3600), reached: nil, in: test.invocation))
        #expect(try test.listed == ["subject": "user-42", "due": "1800000001000"])
    }

    @Test("has nothing to give back of what was disconnected meanwhile", arguments: Backend.allCases)
    func gone(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        let end = test.stores.now.adding(seconds: 40)
        let claim = try #require(try test.connections.schedule.claim(entry(test), until: end, in: test.invocation))
        try test.connections.remove(test.stored, .disconnected, in: test.invocation)
        #expect(try test.connections.schedule.settle(claim, due: end, reached: nil, in: test.invocation) == false)
        #expect(try test.listed == nil)
    }

    @Test("gives a connection to one of many", arguments: Backend.allCases)
    func many(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        let (free, end) = (try entry(test), test.stores.now.adding(seconds: 40))
        let claims = concurrently(8) { number -> Bool in
            let schedule = (number % 2 == 0 ? test.connections : test.another).schedule
            return (try? schedule.claim(free, until: end, in: test.invocation)) != nil
        }
        #expect(claims.filter { $0 }.count == 1)
    }
}
