/// How much waits in the queues of rewards.
struct RewardQueueCheck: Sendable {
    private let queue: MessageQueue?
    private let deadLetters: [MessageQueue]

    init(reading settings: inout SettingsReader) {
        let expected = "addresses of queues like https://sqs.eu-central-1.amazonaws.com/123456789012/rewards"
        func queues(_ name: String, _ purpose: String) -> [String] {
            let urls = settings.optionalText(name, purpose)?.commaSeparated ?? []
            guard urls.allSatisfy({ MessageQueue.isURL($0) }) else {
                settings.problem(name, "expected \(expected)")
                return []
            }
            return urls
        }
        let urls = queues("REWARD_QUEUE_URL", "the queue that reward-grant takes orders from")
        let letters = queues("REWARD_DEAD_LETTER_URLS", "the queues where orders lie that were not granted")
        let client = AWSClient(.sqs, reading: &settings)
        queue = urls.first.map { MessageQueue(url: $0, client) }
        deadLetters = letters.map { MessageQueue(url: $0, client) }
    }

    func findings(in work: LongWork) -> [Finding] {
        let waiting = queue.map { queue in
            queue.finding("rewards waiting", by: "REWARD_QUEUE_URL", in: work.step()) {
                Finding(.ok, "rewards waiting", "\($0) in \(queue.name)")
            }
        }
        return (waiting.map { [$0] } ?? []) + deadLetters.map { finding(of: $0, in: work.step()) }
    }

    private func finding(of letters: MessageQueue, in invocation: Invocation) -> Finding {
        letters.finding("dead letters", by: "REWARD_DEAD_LETTER_URLS", in: invocation) { count in
            guard count > 0 else { return Finding(.ok, "dead letters", "none in \(letters.name)") }
            return Finding(
                .warn, "dead letters", "\(count) in \(letters.name)", next: "partner-admin rewards redrive --dry-run")
        }
    }
}

extension MessageQueue {
    /// As many as are in it, judged.
    ///
    /// - Parameter setting: which names the queue.
    func finding(
        _ what: String, by setting: String, in invocation: Invocation, _ judge: (Int) -> Finding
    ) -> Finding {
        do throws(AWSError) { return judge(try count(in: invocation)) } catch {
            let next =
                switch error {
                case .notFound: "aws sqs list-queues: does \(setting) name one of these?"
                case .accessDenied: "allow sqs:GetQueueAttributes on it"
                default: "AWS's credentials and region: partner-admin doctor --help"
                }
            return Finding(.fail, what, "\(name) cannot be asked: \(error.description)", next: next)
        }
    }
}
