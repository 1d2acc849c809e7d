import Testing

@testable import PartnerCore

@Suite("The ledger of rewards", .serialized)
struct RewardLedgerTests {
    private var invocation: Invocation { .forStore() }
    private let queue = Origin(.sqs, name: "arn:aws:sqs:us-east-1:123456789012:rewards", id: "message-1")

    private func order(
        _ reference: String, _ cents: Int = 2510, user: String = "XT_USR1", actionCode: String = "purchase"
    ) -> RewardRequest {
        RewardRequest(userID: user, amount: Cents(cents), actionCode: actionCode, clientReference: reference)
    }

    private func ledger(
        _ test: StoreUnderTest, perDay: Int? = nil, perUser: Int? = nil, another: Bool = false
    ) -> RewardLedger {
        RewardLedger(
            another ? test.another : test.store,
            limits: RewardLimits(perDay: perDay.map { Cents($0) }, perUserAndDay: perUser.map { Cents($0) }),
            keptFor: Retention(days: 3653), clock: { test.now })
    }

    private func audit(_ test: StoreUnderTest) -> RewardAudit { RewardAudit(test.store) }

    private func reserved(_ outcome: RewardLedger.Outcome) throws -> RewardLedger.Reservation {
        guard case .reserved(let reservation) = outcome else { throw NotReserved(outcome: outcome) }
        return reservation
    }

    private struct NotReserved: Error { let outcome: RewardLedger.Outcome }

    private func spent(_ test: StoreUnderTest, _ sort: String = "all") throws -> Int? {
        let key = RecordKey(partition: "reward-budget#\(test.now.day)", sort: sort)
        return try test.store.get(key, in: invocation).flatMap { Int($0.attributes["cents"] ?? "") }
    }

    @Test(
        "what was asked for stands in it before and after the grant, by reference and by day",
        arguments: Backend.allCases)
    func entries(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let ledger = ledger(test)
        let reservation = try reserved(ledger.reserve(order("order #1/é"), from: queue, in: invocation))
        #expect(reservation.isNew && !reservation.isGranted)
        let asked = RewardEntry(order("order #1/é"), from: queue, askedAt: test.now)
        #expect(try audit(test).entry(actionCode: "purchase", clientReference: "order #1/é", in: invocation) == asked)
        try ledger.settle(reservation, as: "XT_DBR1", in: invocation)
        let granted = asked.granted(as: "XT_DBR1")
        #expect(try audit(test).entry(actionCode: "purchase", clientReference: "order #1/é", in: invocation) == granted)
        #expect(try audit(test).entries(day: "2027-01-15", limit: 10, in: invocation).entries == [granted])
        #expect(try audit(test).entries(day: "2027-01-16", limit: 10, in: invocation).entries == [])
        #expect(try audit(test).entry(actionCode: "other", clientReference: "order #1/é", in: invocation) == nil)
        #expect(try spent(test) == nil, "without a limit there is no budget to write")
    }

    @Test("a day's rewards are listed in pages, in the order in which they were asked for")
    func pages() throws {
        let test = try StoreUnderTest(.sqlite)
        let ledger = ledger(test)
        for number in 0..<5 {
            test.setClock(to: Timestamp(epochMilliseconds: 1_800_000_000_000 + number))
            _ = try ledger.reserve(order("order-\(9 - number)"), from: queue, in: invocation)
        }
        var found: [String] = []
        var start: String?
        repeat {
            let page = try audit(test).entries(day: test.now.day, after: start, limit: 2, in: invocation)
            found += page.entries.map { $0.request.clientReference }
            start = page.next
        } while start != nil
        #expect(found == ["order-9", "order-8", "order-7", "order-6", "order-5"])
    }

    @Test("a repeat finds its place and is not counted again, though nothing is left", arguments: Backend.allCases)
    func repeats(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let ledger = ledger(test, perDay: 5000, perUser: 3000)
        let first = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        let again = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        #expect(first.isNew && !again.isNew && !again.isGranted)
        #expect(try ledger.reserve(order("2"), from: queue, in: invocation) == .exhausted(secondsUntilMidnight: 57_600))
        #expect(try spent(test) == 2510)
        try ledger.settle(again, as: "XT_DBR1", in: invocation)
        let later = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        #expect(later.isGranted && later.entry.rewardID == "XT_DBR1")
        try ledger.release(later, in: invocation)
        #expect(try spent(test) == 2510, "what is granted is never given back")
        #expect(try spent(test, "user/XT_USR1") == 2510)
    }

    @Test("a reference stands for one user and one amount; another action code is another reward")
    func conflicts() throws {
        let test = try StoreUnderTest(.sqlite)
        let ledger = ledger(test, perDay: 100_000)
        _ = try ledger.reserve(order("1"), from: queue, in: invocation)
        #expect(try ledger.reserve(order("1", 2511), from: queue, in: invocation) == .conflict)
        #expect(try ledger.reserve(order("1", user: "XT_USR2"), from: queue, in: invocation) == .conflict)
        #expect(try spent(test) == 2510)
        #expect(try reserved(ledger.reserve(order("1", actionCode: "other"), from: queue, in: invocation)).isNew)
    }

    @Test("each user has a budget, and all have one together", arguments: Backend.allCases)
    func users(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let ledger = ledger(test, perDay: 5000, perUser: 2000)
        _ = try reserved(ledger.reserve(order("1", 2000, user: "a"), from: queue, in: invocation))
        #expect(try ledger.reserve(order("2", 100, user: "a"), from: queue, in: invocation) != .conflict)
        _ = try reserved(ledger.reserve(order("3", 2000, user: "b"), from: queue, in: invocation))
        guard case .exhausted = try ledger.reserve(order("4", 1001, user: "c"), from: queue, in: invocation) else {
            throw NotReserved(outcome: .conflict)
        }
        _ = try reserved(ledger.reserve(order("5", 1000, user: "c"), from: queue, in: invocation))
        #expect(try [spent(test), spent(test, "user/a"), spent(test, "user/c")] == [5000, 2000, 1000])
    }

    @Test("at midnight, UTC, the next day's budget begins, and yesterday's reservation stays yesterday's")
    func midnight() throws {
        let test = try StoreUnderTest(.sqlite)
        let ledger = ledger(test, perDay: 2510)
        test.setClock(to: Timestamp(epochMilliseconds: 1_800_057_599_999))
        _ = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        #expect(try ledger.reserve(order("2"), from: queue, in: invocation) == .exhausted(secondsUntilMidnight: 1))
        test.setClock(to: Timestamp(epochMilliseconds: 1_800_057_600_000))
        _ = try reserved(ledger.reserve(order("2"), from: queue, in: invocation))
        let again = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        #expect(try spent(test) == 2510)
        try ledger.release(again, in: invocation)
        #expect(try spent(test) == 2510, "it was not counted today, and is not given back today")
        test.setClock(to: Timestamp(epochMilliseconds: 1_800_057_599_999))
        #expect(try spent(test) == 0)
    }

    @Test("what Ownli refuses is given back, once", arguments: Backend.allCases)
    func release(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let ledger = ledger(test, perDay: 5020, perUser: 5020)
        _ = try ledger.reserve(order("0"), from: queue, in: invocation)
        let reservation = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        try ledger.release(reservation, in: invocation)
        try ledger.release(reservation, in: invocation)
        #expect(try [spent(test), spent(test, "user/XT_USR1")] == [2510, 2510])
        #expect(try audit(test).entries(day: test.now.day, limit: 9, in: invocation).entries.count == 1)
        #expect(
            try reserved(ledger.reserve(order("1", 2500), from: queue, in: invocation)).isNew,
            "corrected and sent again")
    }

    @Test("of two that ask at once, the refusal of the earlier takes nothing from the later")
    func holders() throws {
        let test = try StoreUnderTest(.sqlite)
        let ledger = ledger(test, perDay: 5020)
        let earlier = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        let later = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        try ledger.release(earlier, in: invocation)
        #expect(try spent(test) == 2510)
        try ledger.settle(later, as: "XT_DBR1", in: invocation)
        #expect(try audit(test).entry(actionCode: "purchase", clientReference: "1", in: invocation)?.state == .granted)
    }

    @Test("what was given back by one and is granted to another all the same counts again")
    func grantedAfterRelease() throws {
        let test = try StoreUnderTest(.sqlite)
        let ledger = ledger(test, perDay: 2510)
        let earlier = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        let later = try reserved(ledger.reserve(order("1"), from: queue, in: invocation))
        try ledger.release(later, in: invocation)
        _ = try reserved(ledger.reserve(order("2"), from: queue, in: invocation))
        try ledger.settle(earlier, as: "XT_DBR1", in: invocation)
        #expect(try spent(test) == 5020, "the money is spent, and so no more is")
        #expect(
            try audit(test).entry(actionCode: "purchase", clientReference: "1", in: invocation)?.rewardID == "XT_DBR1")
    }

    @Test(
        "however many ask at once, no budget is exceeded, none is left unused, and all is counted",
        arguments: Backend.allCases)
    func concurrent(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        // Two processes.
        let ledgers = [
            ledger(test, perDay: 10_000, perUser: 4_000), ledger(test, perDay: 10_000, perUser: 4_000, another: true),
        ]
        let results = concurrently(24) { [self] thread -> (request: RewardRequest, outcome: RewardLedger.Outcome)? in
            // Some ask for one reward twice; some amounts are too large for what is left.
            let number = thread % 20
            let request = order("order-\(number)", 700 + 130 * (number % 7), user: "user-\(number % 4)")
            guard let outcome = try? ledgers[thread % 2].reserve(request, from: queue, in: invocation) else {
                return nil
            }
            return (request, outcome)
        }.compactMap { $0 }
        #expect(results.count == 24, "nobody gave up")

        let entries = try audit(test).entries(day: test.now.day, limit: 100, in: invocation).entries
        var sums = ["all": 0]
        for entry in entries {
            sums["all", default: 0] += entry.request.amount.count
            sums["user/\(entry.request.userID)", default: 0] += entry.request.amount.count
        }
        for (sort, sum) in sums {
            #expect(try spent(test, sort) ?? 0 == sum, "\(sort) is counted exactly")
            #expect(sum <= (sort == "all" ? 10_000 : 4_000))
        }
        for (request, outcome) in results {
            switch outcome {
            case .reserved: #expect(entries.contains { $0.request == request })
            case .exhausted:
                let user = sums["user/\(request.userID)"] ?? 0
                let isFull = sums["all"]! + request.amount.count > 10_000 || user + request.amount.count > 4_000
                #expect(isFull, "it would not have fitted")
            case .conflict: Issue.record("one reference, one amount")
            }
        }
    }

    @Test("grants, refusals and repeats at once leave what is granted, counted exactly", arguments: Backend.allCases)
    func concurrentReleases(backend: Backend) throws {
        let test = try StoreUnderTest(backend)
        let ledgers = [
            ledger(test, perDay: 100_000, perUser: 100_000),
            ledger(test, perDay: 100_000, perUser: 100_000, another: true),
        ]
        let failures = concurrently(16) { [self] thread -> (any Error)? in
            let ledger = ledgers[thread % 2]
            // Every order comes twice, once to each process. Ownli refuses every third, whoever asks.
            let number = thread / 2
            do {
                let outcome = try ledger.reserve(order("order-\(number)", 1000 + number), from: queue, in: invocation)
                let reservation = try reserved(outcome)
                if number % 3 == 0 {
                    try ledger.release(reservation, in: invocation)
                } else {
                    try ledger.settle(reservation, as: "XT_DBR\(number)", in: invocation)
                }
                return nil
            } catch { return error }
        }.compactMap { $0 }
        #expect(failures.isEmpty)
        let entries = try audit(test).entries(day: test.now.day, limit: 100, in: invocation).entries
        #expect(entries.map { $0.rewardID ?? "" }.sorted() == [1, 2, 4, 5, 7].map { "XT_DBR\($0)" })
        let sum = [1, 2, 4, 5, 7].reduce(0) { $0 + 1000 + $1 }
        #expect(try [spent(test), spent(test, "user/XT_USR1")] == [sum, sum])
    }

    @Test("settings: dollars, and what can never come to anything is refused")
    func settings() {
        func problems(_ environment: [String: String]) -> [String] {
            var settings = SettingsReader(Environment(environment))
            _ = RewardLimits(reading: &settings)
            return settings.problems.map { $0.name }
        }
        var settings = SettingsReader(
            Environment(["REWARD_DAILY_LIMIT": "500", "REWARD_DAILY_LIMIT_PER_USER": "25.10"]))
        let limits = RewardLimits(reading: &settings)
        #expect(limits.perDay == Cents(50_000) && limits.perUserAndDay == Cents(2510) && limits.largest == Cents(2510))
        #expect(problems([:]).isEmpty)
        for bad in ["0", "0.99", "-5", "5.001", "1e9", "unlimited", "\"5\"", "25,10"] {
            #expect(problems(["REWARD_DAILY_LIMIT": bad]) == ["REWARD_DAILY_LIMIT"], "\(bad)")
        }
        #expect(
            problems(["REWARD_DAILY_LIMIT": "10", "REWARD_DAILY_LIMIT_PER_USER": "11"])
                == ["REWARD_DAILY_LIMIT_PER_USER"])
    }
}
