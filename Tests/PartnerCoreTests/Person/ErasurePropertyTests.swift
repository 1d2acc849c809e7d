import Glibc
import Testing

@testable import PartnerCore

/// How many seeds are tried: SEEDS of the usual 200, or so many.
private func seeds(_ usual: Int) -> [Int] {
    let share = getenv("SEEDS").flatMap { Int(String(cString: $0)) } ?? 200
    return Array(1...max(1, share * usual / 200))
}

/// Whatever is kept of a person, and wherever an erasure is killed: the last run leaves nothing of them, and all of the
/// others.
@Suite("Erasing a person, whatever happens", .serialized)
struct ErasurePropertyTests {
    @Test("over SQLite", arguments: seeds(100))
    func sqlite(seed: Int) throws {
        let file = SharedFile()
        try run(seed) { try file.open($0, $1) }
    }

    /// Each step is a call by HTTP here, and moto takes its time.
    @Test("over DynamoDB", .enabled(if: Backend.allCases.contains(.dynamoDB)), arguments: seeds(4))
    func dynamoDB(seed: Int) throws {
        let table = try SharedTable()
        try run(seed) { try table.open($0, $1) }
    }

    private func run(
        _ seed: Int,
        _ open: @escaping (UpkeepProcess.Life, @escaping @Sendable () -> Timestamp) throws -> RecordStore
    ) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let world = try ErasureWorld { try open(UpkeepProcess.Life(steps: .max), $0) }
        let anna = PersonOfAll.anna
        for other in PersonOfAll.others { try live(other, in: world, &random) }
        let before = try world.all()
        try live(anna, in: world, &random)
        let hers = try world.all().filter { record in !before.contains { $0.key == record.key } }
        let others = try world.all().filter { record in !hers.contains { $0.key == record.key } }
        world.pass(seconds: 86_400)
        // Killed anywhere, several times, and run to its end.
        for _ in 0..<random.number(0...4) {
            let steps = random.number(1...random.number(2...400))
            let store = try open(UpkeepProcess.Life(steps: steps)) { world.now }
            _ = try? world.erase(anna.subject, over: store)
            // Whatever it held is free again.
            world.pass(seconds: 120)
        }
        _ = try world.erase(anna.subject)
        let left = try world.places(of: anna.words).compactMap { $0.split(separator: "#").first }
        #expect(Set(left).isSubset(of: ["consent", "erasure"]), "seed \(seed)")
        world.pass(seconds: 86_400)
        #expect(try world.places(of: anna.words) == [], "seed \(seed)")
        let after = try world.all()
        let changed = others.filter { !after.contains($0) }.map { $0.key }
        #expect(changed == [], "seed \(seed)")
        #expect(Set(world.revoked).isSubset(of: ["at_\(anna.account)", "at_\(anna.formerAccount)"]), "seed \(seed)")
    }

    /// Some of all that may happen in somebody's life with us.
    private func live(_ person: PersonOfAll, in world: ErasureWorld, _ random: inout SeededRandom) throws {
        var orders = 0
        var (isLinked, connected) = (false, [Int]())
        for _ in 0..<random.number(1...25) {
            switch random.number(0...7) {
            case 0:
                isLinked = try world.optIn(
                    person.subject, as: [person.former, person.ownliUserID][random.number(0...1)])
            case 1:
                try world.withdraw(person.subject)
                isLinked = false
            case 2 where isLinked:
                let link = try UserLinks(world.store).link(subject: person.subject, in: .forStore())
                orders += 1
                try world.reward(
                    link?.ownliUserID ?? "", "\(person.orders)-\(orders)", isGranted: random.once(in: 2))
            case 3:
                let account = [person.account, person.formerAccount][random.number(0...1)]
                try world.connect(account, of: person)
                if !connected.contains(account) { connected.append(account) }
            case 4:
                guard let account = connected.popLast() else { break }
                _ = try world.connector.connections.remove(
                    world.connection(account, of: person), .disconnected, in: .forStore())
            case 5:
                if let account = connected.last { try world.happen(in: account, of: person) }
            case 6:
                for account in connected { try world.tell(account, booking: random.number(10...12), person.email) }
            default: world.pass(seconds: random.number(1...50_000))
            }
        }
        // A day of its own: nobody's rewards change another's budgets.
        world.pass(seconds: 86_400)
    }
}
