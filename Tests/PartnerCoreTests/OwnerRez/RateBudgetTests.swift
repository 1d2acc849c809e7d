import Testing

@testable import PartnerCore

@Suite("The rate budget that all instances share", .serialized)
struct RateBudgetTests {
    private static let started = Timestamp(epochSeconds: 1_800_000_000)

    /// True time, and what was sent when: milliseconds.
    private final class World: Sendable {
        let test: StoreUnderTest
        let time = Lock(0)
        let sent = Lock<[Int]>([])
        let invocation = Invocation.forStore(milliseconds: 600_000)

        init(_ backend: Backend) throws {
            test = try StoreUnderTest(backend)
            pass(milliseconds: 0)
        }

        func pass(milliseconds: Int) {
            time.withLock { $0 += milliseconds }
            test.setClock(to: started.adding(milliseconds: time.withLock { $0 }))
        }

        /// A process of its own, whose clock is wrong by so much. What it knows of the store's clock may be wrong by a
        /// second, since answers tell no more.
        func process(limit: Int, skew: Int = 0, error: Int = 0) throws -> RateBudget {
            let origin = Int.random(in: 0...1 << 40)
            let store = try test.opened { [self] in started.adding(milliseconds: time.withLock { $0 } + error) }
            return RateBudget(store, limit: limit) { [self] in
                let time = time.withLock { $0 }
                return Moment(
                    running: Instant(nanoseconds: origin + time * 1_000_000),
                    wall: started.adding(milliseconds: time + skew))
            }
        }

        func ask(_ budget: RateBudget, _ use: RateBudget.Use = .call) throws -> Int {
            switch try budget.ask(use, in: invocation) {
            case .taken:
                let time = time.withLock { $0 }
                sent.withLock { $0.append(time) }
                return 0
            case .wait(let milliseconds): return milliseconds
            }
        }

        /// Takes until there is nothing left.
        ///
        /// - Returns: how many were taken, and how long to wait then.
        func exhaust(_ budget: RateBudget, _ use: RateBudget.Use = .call) throws -> (taken: Int, wait: Int) {
            var taken = 0
            while true {
                let wait = try ask(budget, use)
                guard wait == 0 else { return (taken, wait) }
                taken += 1
            }
        }

        /// The most that were sent in any five minutes.
        var most: Int {
            let sent = sent.withLock { $0 }
            var first = 0
            var most = 0
            for (index, time) in sent.enumerated() {
                while time - sent[first] >= 300_000 { first += 1 }
                most = max(most, index - first + 1)
            }
            return most
        }

        func record() throws -> RateRecord {
            try RateRecord(#require(try test.store.get(RateBudget.key, in: invocation)))
        }
    }

    @Test(
        "no five minutes have more than the limit, whatever processes come and go with whatever clocks, and nobody starves",
        arguments: Backend.allCases)
    func property(backend: Backend) throws {
        let steps = backend == .sqlite ? 6000 : 1200
        for seed in 0..<3 {
            let world = try World(backend)
            let limit = [280, 30, 7][seed]
            func process() throws -> RateBudget {
                try world.process(
                    limit: limit, skew: .random(in: -600_000...600_000), error: .random(in: -1000...1000))
            }
            struct Waiting {
                var budget: RateBudget
                var until = 0
            }
            var processes = try (0..<8).map { _ in Waiting(budget: try process()) }
            for _ in 0..<steps {
                // Bursts, steady work, and nights in which nothing happens.
                world.pass(milliseconds: [0, 0, 0, .random(in: 0...200), .random(in: 0...3000)].randomElement()!)
                if Int.random(in: 0..<1000) == 0 { world.pass(milliseconds: .random(in: 0...400_000)) }
                let now = world.time.withLock { $0 }
                let index = Int.random(in: 0..<processes.count)
                if Int.random(in: 0..<100) == 0 { processes[index] = Waiting(budget: try process()) }
                guard processes[index].until <= now else { continue }
                let wait = try world.ask(processes[index].budget)
                processes[index].until = now + wait
            }
            #expect(world.most <= limit)
            #expect(world.most > limit / 3, "it is used")
            // Everybody is served once nobody else comes.
            for _ in 0..<100 {
                world.pass(milliseconds: 15_000)
                processes.removeAll { (try? world.ask($0.budget)) == 0 }
            }
            #expect(processes.isEmpty)
            #expect(world.most <= limit)
        }
    }

    @Test("most calls write nothing", arguments: Backend.allCases)
    func writes(backend: Backend) throws {
        let world = try World(backend)
        let budget = try world.process(limit: 280)
        for _ in 0..<280 { #expect(try world.ask(budget) == 0) }
        // 2, 4, 8, then 16 at a time.
        #expect(budget.leases.withLock { $0.asked } == 20)
        let calls = world.invocation.record.withLock { $0.calls.count }
        #expect(calls <= 20 * 3, "each a read and a write, which in Firestore reads once more")
        #expect(try world.exhaust(budget).taken == 0)
        let asked = budget.leases.withLock { $0.asked }
        for _ in 0..<100 { #expect(try world.ask(budget) > 0) }
        #expect(budget.leases.withLock { $0.asked } == asked, "whoever has nothing knows until when")
        world.pass(milliseconds: 22 * 15_000)
        #expect(try world.ask(budget) == 0)
    }

    @Test("threads of a process share what it has, and one asks for all", arguments: Backend.allCases)
    func threads(backend: Backend) throws {
        let world = try World(backend)
        let budgets = [try world.process(limit: 60), try world.process(limit: 60)]
        let answers = concurrently(100) { thread in try? world.ask(budgets[thread % 2]) }
        #expect(answers.count == 100 && answers.allSatisfy { $0 != nil })
        let taken = answers.count { $0 == 0 }
        #expect((44...60).contains(taken), "a lease that is not used up is lost")
        #expect(try world.record().spent <= 60)
    }

    @Test("the schedule leaves a quarter to the company's own calls, also of what its process holds")
    func upkeep() throws {
        let world = try World(.sqlite)
        let budget = try world.process(limit: 40)
        #expect(try world.exhaust(budget, .upkeep).taken == 30)
        #expect(try world.exhaust(budget).taken == 10)
        world.pass(milliseconds: 330_000)
        let other = try world.process(limit: 40)
        for _ in 0..<31 { #expect(try world.ask(other) == 0) }
        // The last lease of the call went beyond three quarters.
        #expect(try world.ask(budget, .upkeep) > 0)
        #expect(try world.ask(other, .upkeep) > 0)
        #expect(try world.ask(other) == 0)
    }

    @Test("a lease is for its slot alone")
    func slots() throws {
        let world = try World(.sqlite)
        let budget = try world.process(limit: 4)
        #expect(try world.ask(budget) == 0)
        world.pass(milliseconds: 14_999)
        #expect(try world.ask(budget) == 0)
        world.pass(milliseconds: 1)
        #expect(try world.ask(budget) == 0)
        world.pass(milliseconds: 15_000)
        #expect(try world.ask(budget) == 330_000 - 30_000, "what was not used is lost")
        world.pass(milliseconds: 299_999)
        #expect(try world.ask(budget) == 1)
        world.pass(milliseconds: 1)
        #expect(try world.ask(budget) == 0)
    }

    @Test(
        "a clock that is put back neither counts into the past nor stops anybody",
        arguments: [600_000, 899_000, 916_000])
    func clockPutBack(milliseconds: Int) throws {
        let world = try World(.sqlite)
        _ = try world.exhaust(world.process(limit: 10, error: milliseconds))
        let budget = try world.process(limit: 10)
        guard milliseconds < 900_000 else {
            #expect(try world.exhaust(budget).taken == 10, "nobody's clock is as wrong as that")
            return
        }
        #expect(try world.exhaust(budget).taken == 0)
        for _ in 0..<22 {
            #expect(try world.ask(budget) > 0)
            world.pass(milliseconds: 15_000)
        }
        #expect(try world.exhaust(budget).taken == 10, "its own time goes on from there")
    }

    @Test("after a 429 all pause, for twice as long each time", arguments: Backend.allCases)
    func pause(backend: Backend) throws {
        let world = try World(backend)
        let budgets = [try world.process(limit: 280), try world.process(limit: 280, skew: 500_000)]
        for budget in budgets { #expect(try world.ask(budget) == 0) }
        // A service's clock is known to a second.
        let slack = backend == .sqlite ? 0 : 1500
        for expected in [15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000] {
            budgets[0].pause(retryAfter: nil, in: world.invocation)
            // One that was on its way.
            budgets[1].pause(retryAfter: nil, in: world.invocation)
            for budget in budgets + [try world.process(limit: 280)] {
                #expect(try (expected - slack...expected + slack).contains(world.ask(budget)))
            }
            world.pass(milliseconds: expected + slack)
            for budget in budgets { #expect(try world.ask(budget) == 0) }
            world.pass(milliseconds: 299_000 - 2 * slack)
        }
        world.pass(milliseconds: 1000 + 2 * slack)
        #expect(try world.ask(budgets[0]) == 0)
        budgets[1].pause(retryAfter: nil, in: world.invocation)
        #expect(try world.ask(budgets[0]) == 0, "what it holds of a slot it may spend")
        #expect(try world.ask(world.process(limit: 280)) <= 15_000 + slack, "five quiet minutes end it")
    }

    @Test("OwnerRez's own word on the pause goes, up to five minutes")
    func retryAfter() throws {
        let world = try World(.sqlite)
        let budget = try world.process(limit: 280)
        for (said, expected) in [(1, 1000), (40, 40_000), (86_400, 300_000)] {
            budget.pause(retryAfter: said, in: world.invocation)
            #expect(try world.ask(world.process(limit: 280)) == expected)
            world.pass(milliseconds: expected)
        }
    }

    @Test("whoever has the time waits, and whoever has not is told for how long")
    func waiting() throws {
        let test = try StoreUnderTest(.sqlite)
        let store = try test.opened { .now() }
        let budget = RateBudget(store, limit: 280)
        budget.pause(retryAfter: 1, in: .forStore())
        let started = Instant.now()
        try budget.take(.call, in: .forStore())
        #expect(started.elapsedMicroseconds >= 900_000)
        budget.pause(retryAfter: 20, in: .forStore())
        #expect {
            try budget.take(.call, in: .forStore(milliseconds: 20_000))
        } throws: { error in
            guard case .busy(let seconds) = error as? APICallError else { return false }
            return (19...20).contains(seconds)
        }
    }

    @Test("without a limit nothing is counted, and a pause is the process's own")
    func unlimited() throws {
        let budget = RateBudget(.notOpened, limit: 0)
        for _ in 0..<1000 { #expect(try budget.ask(.upkeep, in: .forStore()) == .taken) }
        budget.pause(retryAfter: 30, in: .forStore())
        guard case .wait(let milliseconds) = try budget.ask(.call, in: .forStore()) else {
            Issue.record("no pause")
            return
        }
        #expect(milliseconds > 20_000)
    }

    @Test("without the store nobody sends anything")
    func storeAway() {
        let budget = RateBudget(.notOpened, limit: 280)
        #expect(throws: StoreError.unavailable(reason: "the store was not opened")) {
            try budget.ask(.call, in: .forStore())
        }
    }

    @Test(
        "a record that is none of ours is no licence",
        arguments: [
            ["slot": "120000000"], ["counts": "[1,2]"], ["counts": "nonsense"], ["slot": "-1"], ["slot": ""],
            ["slot": "9223372036854775807"], ["pausedUntil": ""], ["pauseSeconds": "x"],
            ["counts": "[9223372036854775807,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"],
        ])
    func unreadable(attributes: [String: String]) throws {
        let world = try World(.sqlite)
        let budget = try world.process(limit: 280)
        _ = try world.ask(budget)
        let whole = try world.record().attributes
        let isWhole = attributes["slot"] == "120000000"
        try world.test.store.put(
            RateBudget.key, isWhole ? attributes : whole.merging(attributes) { $1 }, in: world.invocation)
        #expect(throws: StoreError.self) { try world.ask(world.process(limit: 280)) }
    }

    @Test(
        "the setting",
        arguments: [("280", true), ("0", true), ("300", true), ("301", false), ("-1", false), ("x", false)])
    func setting(text: String, isTaken: Bool) {
        var settings = SettingsReader(Environment(["OWNERREZ_RATE_LIMIT": text]))
        _ = RateBudget(.notOpened, reading: &settings)
        #expect(
            settings.problems.map { $0.description }
                == (isTaken ? [] : ["OWNERREZ_RATE_LIMIT: expected a whole number from 1 to 300, or 0"]))
    }
}

@Suite("The clock of whom a client calls")
struct PeerClockTests {
    @Test("is known from the last answer, and is ours before that")
    func offset() {
        let clock = PeerClock()
        let ours = Timestamp(epochSeconds: 1_800_000_000)
        #expect(clock.time(at: ours) == ours)
        clock.note(ours.adding(seconds: 600), at: ours)
        #expect(clock.time(at: ours.adding(seconds: 7)) == ours.adding(seconds: 607))
        clock.note(ours.adding(seconds: -600), at: ours)
        #expect(clock.time(at: ours) == ours.adding(seconds: -600))
    }

    @Test("every answer tells it", arguments: [200, 404])
    func answers(status: Int) throws {
        let server = try HTTPServer(port: 0) { _ in .response(Response(status: status)) }
        defer { server.stop() }
        Thread { server.run() }!.detach()
        var settings = SettingsReader(Environment([:]))
        let client = HTTPClient(reading: &settings)
        // An hour off, until the answer comes.
        client.peerClock.note(.now().adding(seconds: 3600))
        let request = HTTPRequest(name: "GET /", method: "GET", url: "http://127.0.0.1:\(server.port)/")
        let response = try client.send(request, in: .forStore())
        #expect(response.date != nil)
        #expect(client.peerClock.time(at: .now()) < .now().adding(seconds: 1800))
    }
}
