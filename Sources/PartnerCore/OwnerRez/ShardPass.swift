/// One look through a part of the inbox, by whoever holds its lease: first the entities whose pause is over, then what has
/// come since. What it meets is passed on, set aside or given up, so that the next one does not meet it again.
struct ShardPass {
    /// What became of it.
    private(set) var outcome = EventRelay.Outcome()
    /// The target takes nothing.
    private(set) var isTargetAway = false
    /// Nothing more is begun on.
    private(set) var isBrokenOff = false

    private let shard: InboxShard
    private let inbox: EventInbox
    private var delivery: EventDelivery
    private let turn: Deadline
    /// Entities that wait, as far as they have been seen.
    private var pauses: [ExactText: InboxPause] = [:]
    private var hasSeenAllPauses = false

    init(_ shard: InboxShard, of inbox: EventInbox, _ delivery: EventDelivery, until turn: Deadline) {
        self.shard = shard
        self.inbox = inbox
        self.delivery = delivery
        self.turn = turn
    }

    mutating func run(in invocation: Invocation) throws(StoreError) {
        try takeUpPaused(in: invocation)
        try workOff(in: invocation)
        outcome.waiting += pauses.count
    }

    private mutating func takeUpPaused(in invocation: Invocation) throws(StoreError) {
        while !isBrokenOff {
            let page = try inbox.pauses(in: shard, in: invocation)
            let now = inbox.now()
            let due = page.prefix { $0.until <= now }
            for pause in due where !isBrokenOff { try takeUp(pause, in: invocation) }
            // A page of which all were due may have more behind it.
            guard due.count == EventInbox.pageSize else {
                for pause in page.dropFirst(due.count) { pauses[ExactText(pause.entity)] = pause }
                hasSeenAllPauses = page.count < EventInbox.pageSize
                return
            }
        }
    }

    private mutating func takeUp(_ pause: InboxPause, in invocation: Invocation) throws(StoreError) {
        pauses[ExactText(pause.entity)] = pause
        while true {
            let page = try inbox.aside(pause.entity, in: shard, in: invocation)
            for record in page {
                guard isInTurn() else { return }
                guard let event = try read(record, in: invocation) else { continue }
                if try !attempt(event, insteadOf: pause, in: invocation) { return }
            }
            guard page.count == EventInbox.pageSize else { break }
        }
        try inbox.end(pause, in: invocation)
        pauses[ExactText(pause.entity)] = nil
    }

    private mutating func workOff(in invocation: Invocation) throws(StoreError) {
        while !isBrokenOff {
            let page = try inbox.waiting(in: shard, in: invocation)
            for (index, record) in page.enumerated() {
                guard isInTurn() else {
                    outcome.waiting += page.count - index
                    return
                }
                guard let event = try read(record, in: invocation) else { continue }
                if let pause = try pause(of: event.event.entity, in: invocation) {
                    try inbox.setAside(event, behind: pause, in: shard, in: invocation)
                    pauses[ExactText(pause.entity)] = pause
                } else {
                    _ = try attempt(event, in: invocation)
                }
            }
            guard page.count == EventInbox.pageSize else { return }
        }
    }

    /// Until when an entity waits; nil when its events may go on.
    private func pause(of entity: String, in invocation: Invocation) throws(StoreError) -> InboxPause? {
        if let pause = pauses[ExactText(entity)] { return pause }
        guard !hasSeenAllPauses else { return nil }
        guard let first = try inbox.aside(entity, in: shard, atMost: 1, in: invocation).first else { return nil }
        // What cannot be read is got out of the way once the pause is over: at once.
        let until = (try? WaitingEvent(first))?.pausedUntil
        return InboxPause(of: entity, until: until ?? inbox.now(), in: shard)
    }

    /// - Returns: false when the event stays, and the later ones of its entity behind it.
    private mutating func attempt(
        _ event: WaitingEvent, insteadOf former: InboxPause? = nil, in invocation: Invocation
    ) throws(StoreError) -> Bool {
        guard let refusal = try delivery.deliver(event, in: invocation) else {
            invocation.count("EventsPassedOn")
            outcome.passedOn += 1
            return true
        }
        if case .ofAnyEvent = refusal {
            isTargetAway = true
            isBrokenOff = true
        }
        invocation.count("EventsRefused")
        let attempts = event.attempts + 1
        guard attempts < refusal.mostAttempts else {
            try delivery.giveUp(event, attempts: attempts, since: refusal, in: invocation)
            outcome.givenUp += 1
            invocation.count("EventsGivenUp")
            log(.error, "an event was given up", event, attempts, refusal, in: invocation)
            return true
        }
        let until = inbox.now().epochSeconds + refusal.pauseSeconds(afterAttempts: attempts)
        let pause = InboxPause(of: event.event.entity, until: Timestamp(epochSeconds: until), in: shard)
        try inbox.pause(event, until: pause, attempts: attempts, insteadOf: former, in: shard, in: invocation)
        pauses[ExactText(pause.entity)] = pause
        log(.warn, "an event could not be passed on and waits", event, attempts, refusal, in: invocation)
        return false
    }

    private mutating func read(_ record: Record, in invocation: Invocation) throws(StoreError) -> WaitingEvent? {
        let event = try inbox.readOrGiveUp(record, in: invocation)
        if event == nil { outcome.givenUp += 1 }
        return event
    }

    private mutating func isInTurn() -> Bool {
        if turn.remainingMilliseconds <= 0 { isBrokenOff = true }
        return !isBrokenOff
    }

    private func log(
        _ level: Log.Level, _ message: String, _ event: WaitingEvent, _ attempts: Int, _ refusal: EventRefusal,
        in invocation: Invocation
    ) {
        invocation.log.write(
            level, message, requestID: invocation.requestID,
            [
                JSON.Member("event", .string(event.event.kind)), JSON.Member("attempts", .integer(attempts)),
                JSON.Member("reason", .string(refusal.reason)),
            ])
    }
}

extension EventInbox {
    /// A record that cannot be read holds nobody up: it goes to where people look after it. A newer build's waits for one.
    func readOrGiveUp(_ record: Record, in invocation: Invocation) throws(StoreError) -> WaitingEvent? {
        try WaitingEvent.schema.check(record)
        let reason: String
        do throws(StoreError) { return try WaitingEvent(record) } catch { reason = error.reason }
        try giveUp(record, since: reason, in: invocation)
        return nil
    }

    func giveUp(_ record: Record, since reason: String, in invocation: Invocation) throws(StoreError) {
        try giveUp(record, in: invocation)
        invocation.count("EventsGivenUp")
        invocation.log.write(
            .error, "a record of the inbox is no event, and was given up", requestID: invocation.requestID,
            [JSON.Member("reason", .string(reason))])
    }
}
