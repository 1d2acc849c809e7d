/// Passes on what is in the inbox: each event at least once, those of one entity in the order of their arrival.
public struct EventRelay: Sendable {
    /// What became of the inbox.
    public struct Outcome: Sendable, Equatable {
        public var passedOn = 0
        public var givenUp = 0
        /// Entities of which something waits for a later time, and events that were met and not begun on. A part of the
        /// inbox tells of 25 at most. What waits is not counted, since it would have to be read for that.
        public var waiting = 0

        static func += (total: inout Outcome, more: Outcome) {
            total.passedOn += more.passedOn
            total.givenUp += more.givenUp
            total.waiting += more.waiting
        }
    }

    private let inbox: EventInbox
    private let former: FormerInbox
    private let delivery: EventDelivery
    /// Whose turn it is to be looked at beside an event's own.
    private let turn = Lock(randomRevision() % InboxShard.all.count)

    public init(_ inbox: EventInbox, to target: EventTarget, as format: EventFormat, _ revocations: Revocations) {
        self.inbox = inbox
        former = FormerInbox(inbox)
        delivery = EventDelivery(inbox, to: target, as: format, revocations)
    }

    /// Works off the part of the inbox that an event has just come to, as far as the time allows, unless somebody else
    /// is at it. And another part, if there is something to do in it: so nothing is left lying where no schedule comes.
    public func passOn(after event: OwnerRezEvent, in invocation: Invocation) throws(StoreError) -> Outcome {
        switch try former.move(again: false, in: invocation) {
        case .empty: break
        case .moved: return try passOnAll(in: invocation)
        case .leftToOthers: return Outcome()
        }
        var (outcome, isTargetAway) = try workOff(event.shard, in: invocation)
        let other = InboxShard.all[nextTurn()]
        guard !isTargetAway, other != event.shard else { return outcome }
        outcome += try lookInto(other, in: invocation).outcome
        return outcome
    }

    /// Works off all of it.
    public func passOnAll(in invocation: Invocation) throws(StoreError) -> Outcome {
        if try former.move(again: true, in: invocation) == .leftToOthers { return Outcome() }
        var total = Outcome()
        let first = nextTurn()
        for shard in InboxShard.all[first...] + InboxShard.all[..<first] {
            let (outcome, isTargetAway) = try lookInto(shard, in: invocation)
            total += outcome
            guard !isTargetAway else { break }
        }
        return total
    }

    private func nextTurn() -> Int {
        turn.withLock { turn in
            turn = (turn + 1) % InboxShard.all.count
            return turn
        }
    }

    /// Works a part off if anything in it can go on now: two small reads if not.
    private func lookInto(
        _ shard: InboxShard, in invocation: Invocation
    ) throws(StoreError) -> (outcome: Outcome, isTargetAway: Bool) {
        let pauses = try inbox.pauses(in: shard, in: invocation)
        var hasWork = pauses.first.map { $0.until <= inbox.now() } ?? false
        if !hasWork { hasWork = try hasWaiting(shard, in: invocation) }
        return hasWork ? try workOff(shard, in: invocation) : (Outcome(waiting: pauses.count), false)
    }

    private func hasWaiting(_ shard: InboxShard, in invocation: Invocation) throws(StoreError) -> Bool {
        try !inbox.waiting(in: shard, atMost: 1, in: invocation).isEmpty
    }

    private func workOff(
        _ shard: InboxShard, in invocation: Invocation
    ) throws(StoreError) -> (outcome: Outcome, isTargetAway: Bool) {
        var total = Outcome()
        while let lease = try InboxLease.take(shard.lease, of: inbox, in: invocation) {
            var pass = ShardPass(shard, of: inbox, delivery, until: lease.turn)
            do throws(StoreError) { try pass.run(in: invocation) } catch {
                try? lease.release(to: inbox, in: invocation)
                throw error
            }
            try lease.release(to: inbox, in: invocation)
            total.waiting = 0
            total += pass.outcome
            guard !pass.isBrokenOff else { return (total, pass.isTargetAway) }
            // Whoever stored an event while we held the lease has left it to us.
            guard try hasWaiting(shard, in: invocation) else { break }
        }
        return (total, false)
    }
}
