import CSystem

/// One name asked for, of one server after the other. None is waited for alone for long: while its answer may still
/// come, the next one is asked, and whichever says something first is believed.
struct NameLookup {
    let name: String
    /// In the order in which they are asked.
    let servers: [NameServers.Server]
    let deadline: Deadline

    /// A fifth of the time that a connection may take.
    static let pauseMilliseconds = HTTPClient.connectMilliseconds / 5
    /// How often each is asked at most.
    private static let rounds = 3

    struct Result {
        let outcome: NameQuestion.Outcome
        /// Those that had the time to answer, and did not.
        let failed: [NameServers.Server]
    }

    private struct Asked {
        let server: NameServers.Server
        let question: NameQuestion
    }

    func run() -> Result {
        var asked: [Asked] = []
        var next = Instant.now()
        while true {
            if let result = result(of: asked) { return result }
            let isStuck = asked.allSatisfy {
                if case .failed = $0.question.outcome { true } else { false }
            }
            if isStuck || Instant.now() >= next {
                if asked.count < servers.count * Self.rounds {
                    let server = servers[asked.count % servers.count]
                    guard
                        let question = NameQuestion(
                            name, server: server, milliseconds: deadline.remainingMilliseconds)
                    else { return Result(outcome: .failed, failed: []) }
                    asked.append(Asked(server: server, question: question))
                    next = Instant.now().adding(milliseconds: Self.pauseMilliseconds)
                    continue
                }
                if isStuck { return Result(outcome: .failed, failed: []) }
                next = .now().adding(seconds: 3600)
            }
            guard deadline.remainingMilliseconds > 0 else { return lastResult(of: asked) }
            let pause = next.nanoseconds(since: .now()) / 1_000_000 + 1
            wait(for: asked, milliseconds: min(pause, deadline.remainingMilliseconds + 1))
        }
    }

    private func result(of asked: [Asked]) -> Result? {
        for (index, one) in asked.enumerated() {
            switch one.question.outcome {
            case .waiting, .failed: continue
            case .found, .noSuchName:
                let before = asked[..<index].map { $0.server }.filter { $0 != one.server }
                return Result(outcome: one.question.outcome, failed: before)
            }
        }
        return nil
    }

    private func lastResult(of asked: [Asked]) -> Result {
        for one in asked {
            if case .found = one.question.lastOutcome {
                return Result(outcome: one.question.lastOutcome, failed: [])
            }
        }
        return Result(outcome: .failed, failed: [])
    }

    private func wait(for asked: [Asked], milliseconds: Int) {
        var descriptors: [pollfd] = []
        var owners: [NameQuestion] = []
        var patience = milliseconds
        for one in asked {
            one.question.addSockets(to: &descriptors)
            while owners.count < descriptors.count { owners.append(one.question) }
            patience = min(patience, one.question.patienceMilliseconds)
        }
        guard poll(&descriptors, nfds_t(descriptors.count), Int32(clamping: patience)) > 0 else {
            return
        }
        for (descriptor, question) in zip(descriptors, owners) where descriptor.revents != 0 {
            question.process(descriptor)
        }
    }
}
