/// Has rewards granted that lie with the dead letters: sends them to the queue of orders again. Those that can never be
/// granted stay where they are, and are told.
///
/// A message is sent first and deleted then. Whoever is killed between the two leaves it in both queues, and it is granted
/// once all the same: the ledger and Ownli know the order by its reference.
///
/// What is received is hidden from others for a quarter of an hour, and at the end what stays is shown again. Of each such
/// message an id and a receipt are kept until then.
public struct RewardRedrive: Sendable {
    /// One of the messages.
    public struct Letter: Sendable {
        /// The queue that it lies in.
        public let queue: String
        public let id: String
        public let sentAt: Timestamp?
        /// As far as it can be understood: who gets what for what.
        public let order: RewardOrder?
        /// What it has failed with, where that lies beside it.
        public let failure: String?
        /// Why it can never be granted; nil when it may be.
        public let refusal: FunctionError?
        fileprivate let message: ReceivedMessage
        fileprivate let letter: DeadLetter
    }

    public enum Outcome: String, Sendable {
        case moved
        /// It can never be granted.
        case wrong
        /// A FIFO queue forgets within five minutes that it had it already: until then it would take it and drop it.
        case tooEarly = "too-early"
    }

    private let queues: [MessageQueue]
    private let target: MessageQueue
    private let judge: RewardJudge
    private let now: @Sendable () -> Timestamp
    /// The queue that is being looked through.
    private var current = 0
    /// What stays, by its id.
    private var left: [ExactText: (queue: Int, receipt: String)] = [:]

    static let hiddenSeconds = 900
    /// SQS's five minutes, and what clocks may differ by.
    static let deduplicationSeconds = 330

    init(
        from queues: [MessageQueue], to target: MessageQueue, _ judge: RewardJudge,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.queues = queues
        self.target = target
        self.judge = judge
        self.now = now
    }

    /// How many there are, about.
    public func count(in invocation: Invocation) throws(FunctionError) -> Int {
        var count = 0
        for queue in queues {
            count += try calling("GetQueueAttributes", queue) { () throws(AWSError) in
                try queue.count(in: invocation)
            }
        }
        return count
    }

    /// Some of them that have not been seen yet.
    ///
    /// - Returns: nil when there are no more.
    public mutating func next(in invocation: Invocation) throws(FunctionError) -> [Letter]? {
        while queues.indices.contains(current) {
            let queue = queues[current]
            let page = try calling("ReceiveMessage", queue) { () throws(AWSError) in
                try queue.receive(hiddenFor: Self.hiddenSeconds, in: invocation)
            }
            var letters: [Letter] = []
            for message in page {
                // Its time is over, and it has a new receipt.
                let isKnown = left[ExactText(message.id)] != nil
                left[ExactText(message.id)] = (current, message.receipt)
                if !isKnown { letters.append(try letter(message, of: queue, in: invocation)) }
            }
            // Only known ones: the others have been looked through meanwhile.
            if letters.isEmpty { current += 1 } else { return letters }
        }
        return nil
    }

    private func letter(
        _ message: ReceivedMessage, of queue: MessageQueue, in invocation: Invocation
    ) throws(FunctionError) -> Letter {
        let letter = DeadLetter(message)
        let verdict = try judge.verdict(on: letter, in: invocation)
        return Letter(
            queue: queue.name, id: message.id, sentAt: message.sentAt, order: verdict.order, failure: letter.failure,
            refusal: verdict.refusal, message: message, letter: letter)
    }

    public func outcome(of letter: Letter) -> Outcome {
        guard letter.refusal == nil else { return .wrong }
        guard target.isFIFO, letter.message.deduplicationID != nil, let sentAt = letter.sentAt else { return .moved }
        return now() < sentAt.adding(seconds: Self.deduplicationSeconds) ? .tooEarly : .moved
    }

    /// Moves one whose outcome is that.
    public mutating func move(_ letter: Letter, in invocation: Invocation) throws(FunctionError) {
        guard let place = left[ExactText(letter.id)] else { return }
        let (message, queue) = (letter.message, queues[place.queue])
        try calling("SendMessage", target) { () throws(AWSError) in
            try target.send(
                letter.letter.body, attributes: message.attributes,
                group: target.isFIFO ? message.group ?? message.id : nil,
                deduplicationID: target.isFIFO ? message.deduplicationID ?? message.id : nil, in: invocation)
        }
        try calling("DeleteMessage", queue) { () throws(AWSError) in try queue.delete(message, in: invocation) }
        left[ExactText(letter.id)] = nil
    }

    /// Shows a hundred of those that stay to whoever comes next. What cannot be shown is, after a quarter of an hour.
    ///
    /// - Returns: whether all are shown.
    public mutating func show(in invocation: Invocation) -> Bool {
        for (id, place) in left.prefix(100) {
            try? queues[place.queue].show(place.receipt, in: invocation)
            left[id] = nil
        }
        return left.isEmpty
    }

    private func calling<Result>(
        _ operation: String, _ queue: MessageQueue, _ call: () throws(AWSError) -> Result
    ) throws(FunctionError) -> Result {
        do throws(AWSError) { return try call() } catch {
            throw FunctionError(
                503, "QUEUE_UNAVAILABLE", "A queue of rewards cannot be reached; try again", retryAfter: 1,
                detail: "SQS \(operation) of \(queue.name): \(error.description)")
        }
    }
}

extension RewardRedrive {
    /// Reads which queues there are.
    public init(_ judge: RewardJudge, reading settings: inout SettingsReader) {
        let expected = "addresses of queues like https://sqs.eu-central-1.amazonaws.com/123456789012/rewards"
        let target = settings.value(
            "REWARD_QUEUE_URL", default: nil, placeholder: "", expected: "one of the " + expected,
            "the queue that reward-grant takes orders from"
        ) { MessageQueue.isURL($0) ? $0 : nil }
        let letters = settings.value(
            "REWARD_DEAD_LETTER_URLS", default: nil, placeholder: [], expected: expected + ", comma-separated",
            "the queues where orders lie that were not granted"
        ) { text -> [String]? in
            let urls = text.commaSeparated
            return !urls.isEmpty && urls.allSatisfy { MessageQueue.isURL($0) } ? urls : nil
        }
        if letters.contains(where: { $0.utf8.elementsEqual(target.utf8) }) {
            settings.problem("REWARD_DEAD_LETTER_URLS", "holds REWARD_QUEUE_URL, where nothing is a dead letter")
        }
        let client = AWSClient(.sqs, reading: &settings)
        self.init(
            from: letters.map { MessageQueue(url: $0, client) }, to: MessageQueue(url: target, client), judge)
    }
}
