import Glibc
import Testing

@testable import PartnerCore

@Suite("Upkeep of many connections")
struct UpkeepFleetTests {
    private static let rate = 280
    private static let fiveMinutes = 300_000

    /// CONNECTIONS, or so many.
    private static func count(_ usual: Int) -> Int {
        getenv("CONNECTIONS").flatMap { Int(String(cString: $0)) } ?? usual
    }

    @Test("comes round to all of them, and sends no more in five minutes than OwnerRez allows")
    func fleet() throws {
        let accounts = Array(1...Self.count(100))
        let world = try OwnerRezWorld(accounts: accounts, at: Timestamp(epochSeconds: 1_800_000_000))
        defer { world.end() }
        let file = SharedFile()
        let process = try UpkeepProcess(world) { try file.open($0, $1) }
        defer { process.end() }
        for account in accounts { try process.connect(account) }
        let began = world.now
        let upkeep = process.upkeep(limit: Self.rate)
        var sent: [Timestamp] = []
        var left = accounts.count
        // Twice as long as three quarters of the rate would take.
        let end = began.adding(milliseconds: 2 * Self.fiveMinutes * (1 + accounts.count * 5 / (Self.rate * 3 / 4)))
        while left > 0, world.now < end {
            // Less than it would wait for the next slot.
            _ = try upkeep.run(in: .forStore(milliseconds: 11_000))
            // So many that the first are due again meanwhile: how far each was looked through tells.
            left = try process.store.list(partition: "ownerrez-connections", in: .forStore())
                .filter { $0.attributes["reached"] == nil }.count
            let count = world.state.withLock { $0.calls.count } - sent.count
            sent += [Timestamp](repeating: world.now, count: count)
            guard left > 0 else { break }
            world.advance(seconds: 15 - world.now.epochSeconds % 15)
        }
        #expect(left == 0, "after \(world.now.milliseconds(since: began) / 60_000) minutes")
        // Five lists of each.
        #expect(sent.count >= 5 * accounts.count)
        for (index, time) in sent.enumerated().dropFirst(Self.rate) {
            #expect(time.milliseconds(since: sent[index - Self.rate]) >= Self.fiveMinutes)
        }
    }
}
