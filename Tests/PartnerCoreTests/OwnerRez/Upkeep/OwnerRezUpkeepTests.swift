import CSystem
import Testing

@testable import PartnerCore

private let wanted = WantedSubscriptions("booking:entity_create,entity_update;guest:entity_create")!

@Suite("Upkeep of connections")
struct OwnerRezUpkeepTests {
    private let file = SharedFile()
    private let world: OwnerRezWorld

    init() throws { world = try OwnerRezWorld(accounts: [7, 8], at: Timestamp(epochSeconds: 1_800_000_000)) }

    private func process() throws -> UpkeepProcess {
        try UpkeepProcess(world) { try file.open($0, $1) }
    }

    /// A process with a connection that has been looked after once.
    private func connected(_ accounts: Int...) throws -> UpkeepProcess {
        let process = try process()
        for account in accounts { try process.connect(account) }
        world.advance(seconds: 1200)
        _ = try process.upkeep().run(in: .forStore())
        world.state.withLock { $0.calls = [] }
        return process
    }

    private func told(_ account: Int, by process: UpkeepProcess) throws -> [String] {
        try process.store.list(partition: InboxShard(ofAccount: account).waiting, in: .forStore())
            .filter { $0.attributes["source"] == "reconcile" }.map { try $0.text("event") }
    }

    private func count(_ name: String, in invocation: Invocation) -> Int? {
        invocation.record.withLock { $0.counts }.first { $0.name == name }?.count
    }

    private var calls: [String] { world.state.withLock { $0.calls } }

    @Test("asks for each list once where there is nothing new, and for no more within the hour")
    func nothingNew() throws {
        let process = try connected(7)
        world.advance(seconds: 3700)
        let invocation = Invocation.forStore()
        #expect(try process.upkeep().run(in: invocation) == .init(connections: 1))
        #expect(calls == ReconciledList.allCases.map { "GET /v2/\($0.rawValue)" })
        #expect(count("EventsMissedByWebhook", in: invocation) == 0)
        #expect(try process.upkeep().run(in: .forStore()) == .init())
        #expect(calls.count == 5)
        world.end()
    }

    @Test("forgets what is listed and is no connection any more")
    func gone() throws {
        let process = try connected(7)
        for record in try process.store.list(partition: "ownerrez-account#7", in: .forStore()) {
            try process.store.delete(record.key, in: .forStore())
        }
        #expect(try process.store.list(partition: "ownerrez-connections", in: .forStore()).count == 1)
        world.advance(seconds: 3700)
        _ = try process.upkeep().run(in: .forStore())
        #expect(calls == [])
        #expect(try process.store.list(partition: "ownerrez-connections", in: .forStore()) == [])
        world.end()
    }

    @Test("tells once of what no webhook told of, and says how much that is")
    func missed() throws {
        let process = try connected(7)
        world.state.withLock { state in
            for list: ReconciledList in [.bookings, .guests, .reviews] { state.create(list, of: 7) }
        }
        world.advance(seconds: 3700)
        let invocation = Invocation.forStore()
        #expect(try process.upkeep().run(in: invocation).missed == 2)
        #expect(count("EventsMissedByWebhook", in: invocation) == 2)
        #expect(count("EventsReconciled", in: invocation) == 1)
        let told = try told(7, by: process)
        #expect(told.count == 3)
        let row = world.state.withLock { $0.accounts[7]!.rows[.bookings]![0].json(in: .bookings) }
        #expect(try json(told[0])["entity"] == row)
        #expect(try json(told[0])["source"] == "reconcile")
        world.advance(seconds: 3700)
        #expect(try process.upkeep().run(in: .forStore()) == .init(connections: 1))
        #expect(try self.told(7, by: process).count == 3)
        world.end()
    }

    @Test("leaves what has just changed to its webhook, unless one is asked for as it is now")
    func grace() throws {
        let process = try connected(7)
        world.advance(seconds: 3500)
        world.state.withLock { $0.create(.bookings, of: 7) }
        world.advance(seconds: 200)
        #expect(try process.upkeep().run(in: .forStore()).missed == 0)
        #expect(try process.upkeep().run(account: 7, graceSeconds: 0, in: .forStore()).missed == 1)
        world.end()
    }

    @Test("says how far lists have been looked through, and goes on with the connection that waits for longest")
    func lag() throws {
        let process = try connected(7, 8)
        world.advance(seconds: 7200)
        world.state.withLock { $0.refusal = { $0.headers["Authorization"] == "Bearer at_8" ? json(500, "{}") : nil } }
        let invocation = Invocation.forStore()
        let outcome = try process.upkeep().run(in: invocation)
        #expect(outcome.connections == 2)
        #expect(outcome.failed == 1)
        // 8 has been looked through when it was connected, less the grace.
        let lag = try #require(count("ReconcileLagSeconds", in: invocation))
        #expect((7860...7870).contains(lag))
        #expect(count("ReconcileFailed", in: invocation) == 5)
        world.end()
    }

    @Test(
        "refuses a next page that is elsewhere, and goes on with the other lists",
        arguments: ["https://example.com/v2/bookings?offset=100", "{url}/v2/users/me", "{url}/v2/bookings?a=b"])
    func elsewhere(link: String) throws {
        let process = try connected(7)
        let link = link.hasPrefix("{url}") ? world.url + link.dropFirst(5) : link
        world.state.withLock { state in
            state.create(.guests, of: 7)
            state.refusal = { request in
                guard request.path == "/v2/bookings" else { return nil }
                return json(
                    200, #"{"items":[{"id":5,"updated_utc":"2020-01-01T00:00:00Z"}],"next_page_url":"\#(link)"}"#)
            }
        }
        world.advance(seconds: 3700)
        let invocation = Invocation.forStore()
        #expect(try process.upkeep().run(in: invocation) == .init(connections: 1, missed: 1, failed: 1))
        #expect(count("ReconcileFailed", in: invocation) == 1)
        #expect(calls.allSatisfy { $0.hasPrefix("GET /v2/") && $0 != "GET /v2/users/me" })
        world.end()
    }

    @Test("passes over rows without an id, and tells of those without a time")
    func oddRows() throws {
        let process = try connected(7)
        world.state.withLock { state in
            state.refusal = { request in
                guard request.path == "/v2/bookings" else { return nil }
                return json(
                    200, #"{"items":[{"name":"a"},{"id":5},{"id":6,"updated_utc":"soon"},7,null],"next_page_url":null}"#
                )
            }
        }
        for _ in 0..<2 {
            world.advance(seconds: 3700)
            let invocation = Invocation.forStore()
            _ = try process.upkeep(lists: [.bookings]).run(in: invocation)
            #expect(count("ReconcileFailed", in: invocation) == 3)
        }
        #expect(try told(7, by: process).count == 2)
        world.end()
    }

    @Test("leaves a list alone for a day that OwnerRez wants an agreement for")
    func agreement() throws {
        let process = try connected(7)
        world.state.withLock { $0.refusal = { $0.path == "/v2/quotes" ? json(403, "{}") : nil } }
        for _ in 0..<3 {
            world.advance(seconds: 3700)
            #expect(try process.upkeep(lists: [.quotes, .bookings]).run(in: .forStore()).failed == 0)
        }
        #expect(calls.filter { $0 == "GET /v2/quotes" }.count == 1)
        world.state.withLock { $0.refusal = nil }
        world.advance(seconds: 86_400)
        _ = try process.upkeep(lists: [.quotes, .bookings]).run(in: .forStore())
        #expect(calls.filter { $0 == "GET /v2/quotes" }.count == 2)
        world.end()
    }

    @Test("goes back as far as is set for an account that is new, which nobody has missed")
    func backfill() throws {
        world.state.withLock { state in
            state.pageSize = 100
            for _ in 0..<250 { state.create(.bookings, of: 7) }
        }
        world.advance(seconds: 86_400)
        let process = try process()
        try process.connect(7)
        let without = Invocation.forStore()
        #expect(try process.upkeep().run(account: 7, graceSeconds: 0, in: without).missed == 0)
        #expect(try told(7, by: process).isEmpty)
        try process.connect(8)
        world.state.withLock { $0.accounts[8] = $0.accounts[7] }
        let invocation = Invocation.forStore()
        let since = Timestamp(epochSeconds: 1_800_000_000)
        #expect(
            try process.upkeep(backfillSince: since).run(account: 8, graceSeconds: 0, in: invocation).missed == 0)
        #expect(count("EventsBackfilled", in: invocation) == 250)
        #expect(try told(8, by: process).count == 250)
        world.end()
    }

    @Test("ends a run when OwnerRez is away, and leaves what is left due")
    func away() throws {
        let accounts = Array(1...6)
        world.state.withLock { state in for account in accounts { state.accounts[account] = .init() } }
        let process = try process()
        for account in accounts { try process.connect(account) }
        world.state.withLock { $0.refusal = { _ in .close } }
        let outcome = try process.upkeep(lists: [.bookings]).run(in: .forStore())
        #expect(outcome == .init(connections: 3, failed: 3, left: 3))
        world.state.withLock { $0.refusal = nil }
        #expect(try process.upkeep().run(in: .forStore()).connections == 3)
        world.advance(seconds: 700)
        #expect(try process.upkeep().run(in: .forStore()).connections == 3)
        world.end()
    }

    @Test("ends a run when OwnerRez asks for a pause, and goes on where it was")
    func busy() throws {
        let process = try connected(7)
        world.state.withLock { state in
            state.create(.bookings, of: 7)
            state.refusal = { $0.path == "/v2/inquiries" ? json(429, "{}", ["Retry-After": "300"]) : nil }
        }
        world.advance(seconds: 3700)
        #expect(try process.upkeep(limit: 280).run(in: .forStore()) == .init(connections: 1, left: 1))
        #expect(calls.filter { $0 == "GET /v2/inquiries" }.count == 1)
        #expect(try told(7, by: process).count == 1)
        world.end()
    }

    @Test("marks who has revoked, and asks no more")
    func revoked() throws {
        let process = try connected(7)
        world.state.withLock { $0.refusal = { _ in json(401, #"{"code":"invalid_token"}"#) } }
        world.advance(seconds: 3700)
        #expect(try process.upkeep().run(in: .forStore()) == .init(connections: 1))
        let count = calls.count
        world.advance(seconds: 90_000)
        #expect(try process.upkeep().run(in: .forStore()) == .init())
        #expect(calls.count == count)
        world.end()
    }

    @Test("looks after one connection, which has to be there and in nobody's hands")
    func one() throws {
        let process = try connected(7)
        #expect(throws: APICallError.notConnected.functionError) {
            try process.upkeep().run(account: 9, graceSeconds: 0, in: .forStore())
        }
        let schedule = process.tokens.connections.schedule
        let entry = try #require(try schedule.entry(account: 7, in: .forStore()))
        _ = try schedule.claim(entry, within: .forStore(), at: process.now)
        #expect(throws: UpkeepInterruption.takenOver.functionError) {
            try process.upkeep().run(account: 7, graceSeconds: 0, in: .forStore())
        }
        world.advance(seconds: 100)
        #expect(try process.upkeep().run(account: 7, graceSeconds: 0, in: .forStore()).connections == 1)
        world.end()
    }

    @Test("takes true or a connection's id, and nothing else")
    func input() throws {
        let process = try connected(7)
        let upkeep = process.upkeep()
        let answer = try upkeep.process(["upkeep": "7", "graceSeconds": 0], in: .forStore())
        #expect(answer == ["connections": 1, "missed": 0, "failed": 0, "left": 0])
        #expect(try upkeep.process(["upkeep": true], in: .forStore())["connections"] == 0)
        let wrong: [JSON] = [
            ["upkeep": false], ["upkeep": ""], ["upkeep": "7x"], ["upkeep": -7], ["upkeep": "7", "graceSeconds": -1],
            ["upkeep": "7", "graceSeconds": "0"], [:],
        ]
        for input in wrong {
            #expect(throws: FunctionError.self) { try upkeep.process(input, in: .forStore()) }
        }
        world.end()
    }

    @Test("says nothing of a guest in its log")
    func log() throws {
        var ends: [Int32] = [0, 0]
        csystem_pipe(&ends)
        defer { for end in ends { close(end) } }
        let invocation = Invocation(
            requestID: "r", deadline: .after(milliseconds: 60_000), log: Log(descriptor: ends[1]))
        let process = try connected(7)
        world.state.withLock { state in
            state.create(.bookings, of: 7)
            state.refusal = { request in
                request.path == "/v2/guests"
                    ? json(200, #"{"items":[{"guest":"Ada Lovelace"}],"next_page_url":"https://ada.example/"}"#) : nil
            }
        }
        world.advance(seconds: 3700)
        _ = try process.upkeep().run(in: invocation)
        var bytes = [UInt8](repeating: 0, count: 65_536)
        bytes.removeLast(bytes.count - CSystem.read(ends[0], &bytes, bytes.count))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("a list of OwnerRez's cannot be looked through"))
        for secret in ["Ada", "ada.example", "at_7", "user-1"] { #expect(!text.contains(secret)) }
        world.end()
    }
}

@Suite("Subscriptions of connections")
struct SubscriptionsTests {
    private let file = SharedFile()
    private let world: OwnerRezWorld

    init() throws { world = try OwnerRezWorld(accounts: [7], at: Timestamp(epochSeconds: 1_800_000_000)) }

    private func process() throws -> UpkeepProcess { try UpkeepProcess(world) { try file.open($0, $1) } }

    private var ours: [String] {
        world.state.withLock { $0.subscriptions }.filter { $0.url == OwnerRezWorld.webhookURL }
            .map { "\($0.type):\($0.action)" }.sorted()
    }

    private func calls(_ method: String) -> Int {
        world.state.withLock { $0.calls }.filter { $0.hasPrefix(method + " /v2/webhooksubscriptions") }.count
    }

    private let right = ["booking:entity_create", "booking:entity_update", "guest:entity_create"]

    @Test("are made, looked at again soon, and then left for six hours")
    func made() throws {
        let process = try process()
        try process.connect(7)
        let invocation = Invocation.forStore()
        _ = try process.upkeep(wanted: wanted).run(in: invocation)
        #expect(ours == right)
        #expect(invocation.record.withLock { $0.counts }.first { $0.name == "SubscriptionsMade" }?.count == 3)
        world.advance(seconds: 601)
        #expect(try process.upkeep(wanted: wanted).run(in: .forStore()).connections == 1)
        #expect(calls("POST") == 3)
        #expect(calls("GET") == 3)
        for _ in 0..<5 {
            world.advance(seconds: 3700)
            _ = try process.upkeep(wanted: wanted).run(in: .forStore())
        }
        #expect(calls("GET") == 3)
        world.advance(seconds: 3700)
        _ = try process.upkeep(wanted: wanted).run(in: .forStore())
        #expect(calls("GET") == 4)
        world.end()
    }

    @Test(
        "are not doubled while the list does not show them, however often it is looked at", arguments: [900, 100_000])
    func behind(seconds: Int) throws {
        world.state.withLock { $0.listLag = seconds }
        let process = try process()
        try process.connect(7)
        for _ in 0..<12 {
            _ = try process.upkeep(wanted: wanted).run(in: .forStore())
            #expect(ours == right)
            world.advance(seconds: 601)
        }
        world.end()
    }

    @Test("are brought to what is wanted now, and others' stay")
    func brought() throws {
        world.state.withLock { state in
            let url = OwnerRezWorld.webhookURL
            for (type, action, address) in [
                ("booking", "entity_update", url), ("booking", "entity_update", url), ("quote", "entity_update", url),
                ("booking", "entity_update", url + "/"),
            ] {
                state.subscriptions.append(
                    .init(id: state.number(), account: 7, type: type, action: action, url: address, made: state.now))
            }
        }
        let process = try process()
        try process.connect(7)
        _ = try process.upkeep(wanted: wanted).run(in: .forStore())
        #expect(ours == right)
        #expect(world.state.withLock { $0.subscriptions }.count == 4)
        _ = try process.upkeep().run(account: 7, graceSeconds: 0, in: .forStore())
        #expect(ours == right)
        world.end()
    }

    @Test("are made anew when they have missed something, though they are listed as ever")
    func silent() throws {
        let process = try process()
        try process.connect(7)
        _ = try process.upkeep(wanted: wanted).run(in: .forStore())
        let before = world.state.withLock { $0.subscriptions.map { $0.id } }
        world.state.withLock { state in
            for index in state.subscriptions.indices { state.subscriptions[index].isSilent = true }
            state.create(.bookings, of: 7)
        }
        world.advance(seconds: 3700)
        #expect(try process.upkeep(wanted: wanted).run(in: .forStore()).missed == 1)
        #expect(ours == right)
        let after = world.state.withLock { $0.subscriptions }
        #expect(after.allSatisfy { !before.contains($0.id) && !$0.isSilent })
        world.end()
    }

    @Test("that ended with the former tokens are made again at once for who connects anew", arguments: [0, 100_000])
    func connectedAnew(listLag: Int) throws {
        let process = try process()
        try process.connect(7)
        _ = try process.upkeep(wanted: wanted).run(in: .forStore())
        world.advance(seconds: 601)
        _ = try process.upkeep(wanted: wanted).run(in: .forStore())
        world.state.withLock { state in
            state.subscriptions = []
            state.listLag = listLag
        }
        world.advance(seconds: 60)
        try process.connect(7)
        _ = try process.upkeep(wanted: wanted).run(in: .forStore())
        #expect(ours == right)
        world.end()
    }

    @Test("that OwnerRez refuses do not keep lists from being looked through")
    func refused() throws {
        let process = try process()
        try process.connect(7)
        world.state.withLock { state in
            state.refusal = { $0.path.hasPrefix("/v2/webhooksubscriptions") ? json(500, "{}") : nil }
            state.create(.bookings, of: 7)
        }
        world.advance(seconds: 3700)
        let outcome = try process.upkeep(wanted: wanted).run(in: .forStore())
        #expect(outcome == .init(connections: 1, missed: 1, failed: 1))
        world.end()
    }

    @Test(
        "count as failed where OwnerRez refuses to list, make or remove them, and what it does not refuse is done",
        arguments: ["GET", "POST", "DELETE"])
    func refusedByMethod(method: String) throws {
        let former = "quote:entity_update"
        world.state.withLock { state in
            state.subscriptions = [
                .init(
                    id: state.number(), account: 7, type: "quote", action: "entity_update",
                    url: OwnerRezWorld.webhookURL, made: state.now)
            ]
            state.refusal = { request in
                let isOfThem = request.path.hasPrefix("/v2/webhooksubscriptions") && request.method == method
                return isOfThem && !request.path.hasSuffix("/categories") ? json(403, "{}") : nil
            }
        }
        let process = try process()
        try process.connect(7)
        let outcome = try process.upkeep(wanted: wanted).run(in: .forStore())
        #expect(outcome == .init(connections: 1, failed: 1))
        switch method {
        case "GET": #expect(ours == [former] && calls("POST") == 0)
        case "POST": #expect(ours == [] && calls("POST") == 3)
        default: #expect(ours == (right + [former]).sorted())
        }
        world.end()
    }
}
