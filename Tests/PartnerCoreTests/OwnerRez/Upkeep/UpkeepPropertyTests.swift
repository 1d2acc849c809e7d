import Glibc
import Testing

@testable import PartnerCore

/// How many seeds are tried: SEEDS of the usual 200, or so many.
private func seeds(_ usual: Int) -> [Int] {
    let share = getenv("SEEDS").flatMap { Int(String(cString: $0)) } ?? 200
    return Array(1...max(1, share * usual / 200))
}

/// Whatever changes at OwnerRez, whatever becomes of its webhooks, and wherever processes are killed: in the end
/// everything has been passed on, and nothing older after something newer.
@Suite("Upkeep, whatever happens", .serialized)
struct UpkeepPropertyTests {
    @Test("over SQLite", arguments: seeds(200))
    func sqlite(seed: Int) throws {
        let file = SharedFile()
        var story = try UpkeepStory(seed: seed) { try file.open($0, $1) }
        try story.run()
        let problems = try story.problems()
        #expect(problems == [], "seed \(seed)")
    }

    /// Each step is a call by HTTP here, and moto takes its time.
    @Test("over DynamoDB", .enabled(if: Backend.allCases.contains(.dynamoDB)), arguments: seeds(2))
    func dynamoDB(seed: Int) throws {
        let table = try SharedTable()
        var story = try UpkeepStory(seed: seed) { try table.open($0, $1) }
        try story.run()
        let problems = try story.problems()
        #expect(problems == [], "seed \(seed)")
    }
}

/// One of the many ways that things can go.
struct UpkeepStory {
    private static let accounts = [7, 8]
    private static let wanted = WantedSubscriptions(
        "booking:entity_create,entity_update,entity_delete;quote:entity_create,entity_update;guest:entity_create")!

    private let world: OwnerRezWorld
    private let open: (UpkeepProcess.Life, @escaping @Sendable () -> Timestamp) throws -> RecordStore
    private var random: SeededRandom
    private let isSkewed: Bool
    private let lists: [ReconciledList] = [.bookings, .quotes, .guests, .reviews]

    init(
        seed: Int, _ open: @escaping (UpkeepProcess.Life, @escaping @Sendable () -> Timestamp) throws -> RecordStore
    ) throws {
        var random = SeededRandom(seed: UInt64(seed))
        self.open = open
        world = try OwnerRezWorld(accounts: Self.accounts, at: Timestamp(epochSeconds: 1_800_000_000))
        isSkewed = random.once(in: 2)
        let (byChange, size, byApp, lag) = (
            random.once(in: 2), random.number(1...4), random.once(in: 3), random.number(0...900)
        )
        world.state.withLock { state in
            state.isListedByChange = byChange
            state.pageSize = size
            state.tellsByApp = byApp
            state.listLag = lag
            state.subscriptions = Self.accounts.map {
                OwnerRezWorld.Subscription(
                    id: 900 + $0, account: $0, type: "booking", action: "entity_update",
                    url: "https://example.org/others", made: state.now)
            }
        }
        self.random = random
    }

    private mutating func process(mayDie: Bool = true) throws -> UpkeepProcess {
        let steps = mayDie && random.once(in: 2) ? random.number(1...150) : .max
        let skew = isSkewed ? random.number(-600...600) : 0
        return try UpkeepProcess(world, skew: skew, steps: steps, store: open)
    }

    mutating func run() throws {
        for account in Self.accounts {
            let process = try process(mayDie: false)
            try process.connect(account)
            process.end()
        }
        let meanwhile = Lock(SeededRandom(seed: random.next()))
        world.beforePage.withLock { hook in
            hook = { [world] account, list in
                meanwhile.withLock { random in
                    if random.once(in: 3) { Self.change(world, [list], of: account, &random) }
                }
            }
        }
        for _ in 0..<random.number(10...40) { try happen() }
        world.beforePage.withLock { $0 = nil }
        // Nothing happens any more, but that schedules come, and webhooks or not.
        while try deliver() {}
        for _ in 0..<5 {
            world.advance(seconds: 3700)
            try upkeep(mayDie: false)
        }
        try relay(mayDie: false)
        world.end()
    }

    private mutating func happen() throws {
        switch random.number(0...10) {
        case 0...2:
            for _ in 0..<random.number(1...6) {
                Self.change(world, lists, of: Self.accounts[random.number(0...1)], &random)
            }
        case 3, 4: _ = try deliver()
        case 5:
            // Lost, or delivered again, or stopped.
            let (index, isAgain, isSilent) = (random.number(0...50), random.once(in: 3), random.once(in: 8))
            world.state.withLock { state in
                if isSilent {
                    for index in state.subscriptions.indices { state.subscriptions[index].isSilent = true }
                }
                guard !state.deliveries.isEmpty else { return }
                let delivery = state.deliveries.remove(at: index % state.deliveries.count)
                if isAgain { state.deliveries += [delivery, delivery] }
            }
        case 6, 7: world.advance(seconds: random.number(1...4000))
        case 8: try upkeep()
        case 9: try relay()
        default: try twoAtOnce()
        }
    }

    private static func change(
        _ world: OwnerRezWorld, _ lists: [ReconciledList], of account: Int, _ random: inout SeededRandom
    ) {
        let list = lists[random.number(0...lists.count - 1)]
        let (kind, index) = (random.number(0...9), random.number(0...1000))
        world.state.withLock { state in
            let count = state.accounts[account]?.rows[list]?.count ?? 0
            if kind < 4 || count == 0 {
                state.create(list, of: account)
            } else if kind < 8 {
                state.update(index % count, in: list, of: account)
            } else {
                state.delete(index % count, in: list, of: account)
            }
        }
    }

    /// - Returns: false when there is nothing to deliver.
    private mutating func deliver() throws -> Bool {
        let index = random.number(0...50)
        let delivery = world.state.withLock { state in
            state.deliveries.isEmpty ? nil : state.deliveries.remove(at: index % state.deliveries.count)
        }
        guard let delivery else { return false }
        let process = try process()
        defer { process.end() }
        let event = OwnerRezEvent(text: delivery.text, try json(delivery.text))
        do throws(StoreError) { _ = try process.inbox.accept(event, in: .forStore()) } catch {
            // OwnerRez has had no answer: it comes again.
            if random.once(in: 2) { world.state.withLock { $0.deliveries.append(delivery) } }
        }
        return true
    }

    private mutating func upkeep(mayDie: Bool = true) throws {
        let process = try process(mayDie: mayDie)
        defer { process.end() }
        _ = try? process.upkeep(wanted: Self.wanted, lists: lists).run(in: .forStore())
    }

    private mutating func relay(mayDie: Bool = true) throws {
        let process = try process(mayDie: mayDie)
        defer { process.end() }
        _ = try? process.relay.passOnAll(in: .forStore())
    }

    private mutating func twoAtOnce() throws {
        let processes = [try process(), try process()]
        let lists = lists
        _ = concurrently(2) { index in
            let process = processes[index]
            _ = try? process.upkeep(wanted: Self.wanted, lists: lists).run(in: .forStore())
            process.end()
            return true
        }
    }
}

/// What came of it.
extension UpkeepStory {
    private struct Told {
        let event: OwnerRezEvent
        let isReconciled: Bool
    }

    func problems() throws -> [String] {
        let process = try UpkeepProcess(world, store: open)
        defer { process.end() }
        var problems: [String] = []
        let passedOn = try process.store.list(partition: EventInbox.kept, in: .forStore()).map { record -> Told in
            let text = try record.text("event")
            return Told(
                event: OwnerRezEvent(text: text, try json(text)),
                isReconciled: record.attributes["source"] == "reconcile")
        }
        for account in Self.accounts {
            let left = try process.inbox.waiting(in: InboxShard(ofAccount: account), in: .forStore())
            if !left.isEmpty { problems.append("\(left.count) events were not passed on") }
            let told = passedOn.filter { $0.event.account == account }
            // Where clocks give the order, nothing is in order by clocks that differ.
            if process.store.ordersAppends || !isSkewed { problems += order(of: told) }
            for list in lists { problems += missing(in: list, account, told) }
            problems += subscriptions(of: account)
        }
        return problems
    }

    private func missing(in list: ReconciledList, _ account: Int, _ told: [Told]) -> [String] {
        let rows = world.state.withLock { $0.accounts[account]?.rows[list] ?? [] }
        return rows.compactMap { row in
            let own = told.filter { $0.event.entity == "\(list.entityType)/\(row.id)" }
            // Guests can be asked for by their creation alone.
            guard list != .guests else { return own.isEmpty ? "nothing of guest \(row.id)" : nil }
            let last = row.json(in: list)["updated_utc"]?.string
            return own.contains { $0.event.updated == last }
                ? nil : "\(list.rawValue) \(row.id): version \(row.version) was not told"
        }
    }

    /// What a list shows is told only where nothing later was.
    private func order(of told: [Told]) -> [String] {
        var problems: [String] = []
        for (index, one) in told.enumerated() where one.isReconciled {
            for earlier in told[..<index] where earlier.event.entity == one.event.entity {
                if earlier.event.isDeletion { problems.append("\(one.event.entity) was told of after its end") }
                if let before = earlier.event.updated, let after = one.event.updated, before >= after {
                    problems.append("\(one.event.entity): \(after) was told after \(before)")
                }
            }
        }
        return problems
    }

    private func subscriptions(of account: Int) -> [String] {
        let all = world.state.withLock { $0.subscriptions }.filter { $0.account == account }
        let ours = all.filter { $0.url == OwnerRezWorld.webhookURL }.map { "\($0.type):\($0.action)" }.sorted()
        let wanted = Self.wanted.kinds.map { "\($0.type):\($0.action)" }.sorted()
        var problems: [String] = []
        if ours != wanted { problems.append("subscribed to \(ours)") }
        if !all.contains(where: { $0.url == "https://example.org/others" }) { problems.append("another's is gone") }
        return problems
    }
}
