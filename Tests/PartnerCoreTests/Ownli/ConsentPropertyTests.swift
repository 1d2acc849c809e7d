import Glibc
import Testing

@testable import PartnerCore

/// SEEDS of the usual 200, or so many.
private func seeds(_ usual: Int) -> [Int] {
    let share = getenv("SEEDS").flatMap { Int(String(cString: $0)) } ?? 200
    return Array(1...max(1, share * usual / 200))
}

/// Whatever one person does over the years, from processes whose clocks differ, with calls that are killed: they are
/// linked as long as they agree, what was withdrawn never stands again, and what has ended goes when it is time.
@Suite("Consents, whatever happens", .serialized)
struct ConsentPropertyTests {
    @Test("over SQLite", arguments: seeds(50))
    func sqlite(seed: Int) throws { try run(seed, .sqlite) }

    @Test("over DynamoDB", .enabled(if: Backend.allCases.contains(.dynamoDB)), arguments: seeds(4))
    func dynamoDB(seed: Int) throws { try run(seed, .dynamoDB) }

    @Test("over Firestore", .enabled(if: Backend.allCases.contains(.firestore)), arguments: seeds(10))
    func firestore(seed: Int) throws { try run(seed, .firestore) }

    private func run(_ seed: Int, _ backend: Backend) throws {
        var story = try ConsentStory(seed: seed, backend)
        for step in 0..<40 {
            let what = try story.happen()
            let problems = try story.problems()
            #expect(problems == [], "seed \(seed), step \(step): \(what)")
            if !problems.isEmpty { return }
        }
    }
}

private struct ConsentStory {
    private static let retention = Retention(days: 10)
    private static let day = 86_400

    /// Whose clocks differ.
    private struct Process {
        let store: RecordStore
        let clock: @Sendable () -> Timestamp
    }

    private let test: StoreUnderTest
    private let processes: [Process]
    private var random: SeededRandom
    /// What they agree to now.
    private var standing: Set<String> = []
    private var isLinked = false
    /// When they have withdrawn, and by when that is forgotten, whichever clock one goes by; nil: it was killed.
    private var withdrawals: [(at: Timestamp, gone: Timestamp?)] = []

    init(seed: Int, _ backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        self.test = test
        random = SeededRandom(seed: UInt64(seed))
        var processes: [Process] = []
        for _ in 0..<2 {
            let skew = random.number(-20_000...20_000)
            let clock: @Sendable () -> Timestamp = { test.now.adding(seconds: skew) }
            processes.append(Process(store: try test.opened(clock), clock: clock))
        }
        self.processes = processes
    }

    mutating func happen() throws -> String {
        let process = processes[random.number(0...1)]
        let invocation = Invocation.forStore()
        switch random.number(0...9) {
        case 0...2:
            let version = "\(random.number(1...3))"
            return try optIn(process, version, invocation) ? "opted in to \(version)" : "not opted in to \(version)"
        case 3...4:
            try withdraw(process, invocation)
            return "withdrawn"
        case 5:
            // Killed once it has happened.
            let outcome = try Withdrawals(process.store, keptFor: Self.retention).end(
                "anna", at: process.clock(), in: invocation)
            if case .withdrawn = outcome { leave() }
            return "withdrawn and killed: \(outcome)"
        case 6:
            // An opt-in that has read before a withdrawal.
            let read = try Consents(process.store).history(subject: "anna", in: invocation)
            try withdraw(processes[random.number(0...1)], invocation)
            let version = "\(random.number(1...3))"
            let hasWithdrawn = !read.standing.isEmpty
            do throws(StoreError) {
                try Consents(process.store).add(.version(version), to: read, at: process.clock(), in: invocation)
                // There was nothing to withdraw: so it is an opt-in that is killed.
                guard !hasWithdrawn else { return "opted in behind a withdrawal" }
                standing.insert(version)
            } catch { guard error == .conditionFailed else { throw error } }
            return "opting in while withdrawing"
        default:
            test.setClock(to: test.now.adding(seconds: random.number(0...6 * Self.day)))
            return "time passes"
        }
    }

    private mutating func optIn(
        _ process: Process, _ version: String, _ invocation: Invocation
    ) throws -> Bool {
        let acceptance = try Consents(process.store).record(
            of: .version(version), by: "anna", at: process.clock(), in: invocation)
        guard case .accepted(let history) = acceptance else { return false }
        standing.insert(version)
        let link = UserLink(subject: "anna", ownliUserID: "XT_1", linkedAt: process.clock())
        _ = try UserLinks(process.store).create(link, agreedIn: history, in: invocation)
        isLinked = true
        return true
    }

    private mutating func withdraw(_ process: Process, _ invocation: Invocation) throws {
        let outcome = try Withdrawals(process.store, keptFor: Self.retention).withdraw(
            subject: "anna", at: process.clock(), in: invocation)
        if case .withdrawn = outcome { leave() }
        guard outcome != .neverOptedIn else { return }
        for index in withdrawals.indices where withdrawals[index].gone == nil {
            let end = max(withdrawals[index].at.adding(seconds: 10 * Self.day), test.now)
            // A day for the margin, and one for the clocks.
            withdrawals[index].gone = end.adding(seconds: 2 * Self.day)
        }
    }

    private mutating func leave() {
        standing = []
        isLinked = false
        withdrawals.append((test.now, nil))
    }

    func problems() throws -> [String] {
        var problems: [String] = []
        let invocation = Invocation.forStore()
        for process in processes {
            let history = try Consents(process.store).history(subject: "anna", in: invocation)
            let found = Set(history.standing.map { $0.documents.version })
            if found != standing { problems.append("\(found) stand, and not \(standing)") }
            let link = try UserLinks(process.store).link(subject: "anna", in: invocation)
            if (link != nil) != isLinked { problems.append("linked: \(link != nil), and not \(isLinked)") }
            let isOver = withdrawals.allSatisfy { $0.gone.map { $0 <= test.now } ?? false }
            if isOver && history.consents.count != standing.count { problems.append("a consent stays") }
            if isOver && !history.withdrawals.isEmpty { problems.append("a withdrawal stays") }
            let isKept = withdrawals.allSatisfy { $0.at.adding(seconds: 9 * Self.day) > test.now }
            if isKept && history.withdrawals.count != withdrawals.count { problems.append("a withdrawal is gone") }
        }
        return problems
    }
}
