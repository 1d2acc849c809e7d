/// Passes on what is in the inbox: each event at least once, those of one entity in the order of their arrival.
public struct EventRelay: Sendable {
    /// What became of the inbox.
    public struct Outcome: Sendable, Equatable {
        public var passedOn = 0
        public var givenUp = 0
        /// Those that were met and stay for a later time.
        public var waiting = 0
    }

    /// How one look through the inbox went.
    private struct Pass {
        var outcome = Outcome()
        /// Entities of which an event stays, so that the later ones have to stay too.
        var heldBack: Set<String> = []
        /// The target takes nothing, or the time is over.
        var isBrokenOff = false
    }

    private static let pageSize = 25

    private let inbox: EventInbox
    private let target: EventTarget
    private let revocations: Revocations

    public init(_ inbox: EventInbox, to target: EventTarget, _ revocations: Revocations) {
        self.inbox = inbox
        self.target = target
        self.revocations = revocations
    }

    /// Does so as far as the time allows, unless somebody else is at it. What is left goes with a later invocation.
    public func passOn(in invocation: Invocation) throws(StoreError) -> Outcome {
        var total = Outcome()
        while let lease = try InboxLease.take(from: inbox, in: invocation) {
            let pass: Pass
            do throws(StoreError) { pass = try lookThrough(until: lease.turn, in: invocation) } catch {
                try? lease.release(to: inbox, in: invocation)
                throw error
            }
            try lease.release(to: inbox, in: invocation)
            total.passedOn += pass.outcome.passedOn
            total.givenUp += pass.outcome.givenUp
            total.waiting = pass.outcome.waiting
            // Whoever stored an event while we held the lease has left it to us: there may be more than stayed.
            let stayed = pass.outcome.waiting
            guard !pass.isBrokenOff,
                try inbox.page(of: stayed + 1, in: invocation).count > stayed
            else { break }
        }
        return total
    }

    private func lookThrough(until turn: Deadline, in invocation: Invocation) throws(StoreError) -> Pass {
        var pass = Pass()
        var last: String?
        while true {
            let page = try inbox.page(after: last, of: Self.pageSize, in: invocation)
            for waiting in page {
                if turn.remainingMilliseconds <= 0 { pass.isBrokenOff = true }
                try take(waiting, &pass, in: invocation)
            }
            guard page.count == Self.pageSize, !pass.isBrokenOff else { return pass }
            last = page.last?.arrival
        }
    }
}

extension EventRelay {
    private func take(
        _ waiting: WaitingEvent, _ pass: inout Pass, in invocation: Invocation
    ) throws(StoreError) {
        let isPaused = waiting.pausedUntil.map { $0 > inbox.now() } ?? false
        guard !pass.isBrokenOff, !isPaused, !pass.heldBack.contains(waiting.event.entity) else {
            return stay(waiting, &pass)
        }
        guard let refusal = try deliver(waiting, in: invocation) else {
            invocation.count("EventsPassedOn")
            pass.outcome.passedOn += 1
            return
        }
        if case .ofAnyEvent = refusal { pass.isBrokenOff = true }
        if try postpone(waiting, refusal, in: invocation) {
            stay(waiting, &pass)
        } else {
            pass.outcome.givenUp += 1
        }
    }

    private func stay(_ waiting: WaitingEvent, _ pass: inout Pass) {
        pass.outcome.waiting += 1
        pass.heldBack.insert(waiting.event.entity)
    }

    /// - Returns: nil when the event is where it belongs and out of the inbox.
    private func deliver(
        _ waiting: WaitingEvent, in invocation: Invocation
    ) throws(StoreError) -> EventRefusal? {
        if let account = waiting.event.revokedAccount,
            let refusal = try revocations.settle(account: account, receivedAt: waiting.receivedAt, in: invocation)
        {
            return refusal
        }
        let refusal: EventRefusal?
        switch target {
        case .store:
            try inbox.keep(waiting, in: invocation)
            return nil
        case .queue(let queue): refusal = queue.send(waiting, in: invocation)
        case .bus(let bus): refusal = bus.put(waiting, in: invocation)
        case .topic(let topic): refusal = topic.publish(waiting, in: invocation)
        }
        if refusal == nil { try inbox.remove(waiting, in: invocation) }
        return refusal
    }

    /// - Returns: false when that was an attempt too many, and the event is out of the way.
    private func postpone(
        _ waiting: WaitingEvent, _ refusal: EventRefusal, in invocation: Invocation
    ) throws(StoreError) -> Bool {
        let attempts = waiting.attempts + 1
        invocation.count("EventsRefused")
        guard attempts < refusal.mostAttempts else {
            try inbox.giveUp(waiting, attempts: attempts, in: invocation)
            invocation.count("EventsGivenUp")
            log(.error, "an event was given up", waiting, attempts, refusal, in: invocation)
            return false
        }
        let pause = EventRefusal.pauseMinutes(afterAttempts: attempts) * 60
        try inbox.pause(
            waiting, until: Timestamp(epochSeconds: inbox.now().epochSeconds + pause), attempts: attempts,
            in: invocation)
        log(.warn, "an event could not be passed on and waits", waiting, attempts, refusal, in: invocation)
        return true
    }

    private func log(
        _ level: Log.Level, _ message: String, _ waiting: WaitingEvent, _ attempts: Int, _ refusal: EventRefusal,
        in invocation: Invocation
    ) {
        invocation.log.write(
            level, message, requestID: invocation.requestID,
            [
                JSON.Member("event", .string(waiting.event.kind)), JSON.Member("attempts", .integer(attempts)),
                JSON.Member("reason", .string(refusal.reason)),
            ])
    }
}
