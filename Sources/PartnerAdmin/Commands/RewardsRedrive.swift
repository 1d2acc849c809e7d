import PartnerCore

extension Command {
    private static let usualRate = 5

    static let rewardsRedrive = Command(
        name: ["rewards", "redrive"],
        summary: "sends dead letters to the queue of orders again, and shows those that can never be granted",
        options: [
            Option("--rate", "NUMBER", "how many are sent in a second, at most: 1 to 100; else \(usualRate)")
        ],
        layout: .table([
            .init("outcome", 9), .init("code", 24), .init("sentAt", 24), .init("amount", 8), .init("actionCode", 20),
            .init("clientReference", 20), .init("queue", 24), .init("id", 36), .init("failure", 0),
        ]), changesData: true, partner: .ownli
    ) { settings in
        let store = RecordStore(reading: &settings)
        let trail = OperatorTrail(store, IdentifierHash(reading: &settings))
        let judge = RewardJudge(
            store, within: RewardGuards(reading: &settings, limits: RewardLimits(reading: &settings)))
        let queues = RewardRedrive(judge, reading: &settings)
        return { (arguments, session) throws(AdminError) in
            var redrive = queues
            var pace = Pace(perSecond: try arguments.count("--rate", in: 1...100) ?? usualRate)
            let total = try working { () throws(FunctionError) in try redrive.count(in: session.invocation()) }
            try trail.record(session) { (counts) throws(AdminError) in
                var failure: AdminError?
                do throws(AdminError) {
                    while let page = try nextPage(of: &redrive, session) {
                        for letter in page { try move(letter, with: &redrive, &pace, counts, session) }
                        session.progress.tell("of about \(total): \(String(decoding: counts.json.text, as: UTF8.self))")
                    }
                } catch { failure = error }
                // Whatever went wrong, nothing stays hidden for longer than it has to.
                while !redrive.show(in: session.invocation()) {}
                if let failure { throw failure }
                try session.output.summary(counts.json)
            }
        }
    }

    private static func nextPage(
        of redrive: inout RewardRedrive, _ session: Session
    ) throws(AdminError) -> [RewardRedrive.Letter]? {
        try session.checkTime()
        do throws(FunctionError) { return try redrive.next(in: session.invocation()) } catch { throw .failed(error) }
    }

    private static func move(
        _ letter: RewardRedrive.Letter, with redrive: inout RewardRedrive, _ pace: inout Pace,
        _ counts: OperatorTrail.Counts, _ session: Session
    ) throws(AdminError) {
        let outcome = redrive.outcome(of: letter)
        if outcome == .moved, !session.isDryRun {
            try session.checkTime()
            pace.wait()
            do throws(FunctionError) { try redrive.move(letter, in: session.invocation()) } catch {
                throw .failed(error)
            }
        }
        counts.add(outcome.rawValue)
        try session.output.row(letter.row(outcome))
    }
}

extension RewardRedrive.Letter {
    fileprivate func row(_ outcome: RewardRedrive.Outcome) -> JSON {
        var row: JSON = ["outcome": .string(outcome.rawValue), "queue": .string(queue), "id": .string(id)]
        row.add("code", refusal.map { .string($0.code) })
        row.add("why", refusal.map { .string($0.message) })
        row.add("sentAt", sentAt.map { .string($0.rfc3339) })
        row.add("amount", order.map { $0.amount.dollars })
        row.add("actionCode", order.map { .string($0.actionCode) })
        row.add("clientReference", order.map { .string($0.clientReference) })
        row.add("failure", failure.map { .string($0) })
        return row
    }
}
