/// Has events go on that were given up or that wait: when the target was mended, say.
///
/// An event that was given up goes back into the inbox with its arrival, and so before all of its entity's that still wait
/// there, whose pause ends with it. What is newer and was passed on meanwhile is before it: receivers tell old from new by
/// `receivedAt`. One that waits for a later time waits no more, and neither do those of its entity before and behind it.
///
/// Each event is one transaction that finds it as it was read: whoever is killed leaves nothing half done, and of two who
/// do this at once one does it. It happens under the lease of the part of the inbox, while nobody passes on from there, so
/// that nothing newer overtakes it; for some seconds after a kill nobody does.
public struct EventRedrive: Sendable {
    public enum Outcome: String, Sendable {
        /// It goes on with the next pass.
        case redriven
        /// It goes on with the next pass, as it would have.
        case waiting
        /// It is not there any more, or not as it was.
        case moved
        /// In the store, where the company takes it.
        case kept
        /// A record that is no event, and would be given up again.
        case noEvent = "no-event"
    }

    private let inbox: EventInbox

    /// What would become of one.
    public static func prospect(of found: FoundEvent) -> Outcome {
        guard found.event != nil else { return .noEvent }
        switch found.state {
        case .kept: return .kept
        case .waiting: return .waiting
        case .givenUp, .setAside: return .redriven
        }
    }

    public init(_ inbox: EventInbox) { self.inbox = inbox }

    /// - Parameter told: is called with each of them, once it is done.
    /// - Throws: `timedOut` when others work the inbox off until the invocation's time is over. What was told stands.
    public func redrive(
        _ events: [FoundEvent], in invocation: Invocation, told: (FoundEvent, Outcome) -> Void
    ) throws(StoreError) {
        var shards: [InboxShard] = []
        for found in events {
            let prospect = Self.prospect(of: found)
            guard prospect == .redriven, let event = found.event else {
                told(found, prospect)
                continue
            }
            if !shards.contains(event.event.shard) { shards.append(event.event.shard) }
        }
        for shard in shards {
            let lease = try lease(of: shard, in: invocation)
            do throws(StoreError) {
                for found in events {
                    guard Self.prospect(of: found) == .redriven, let event = found.event,
                        event.event.shard == shard
                    else { continue }
                    guard lease.turn.remainingMilliseconds > 0 else { throw .timedOut }
                    told(found, try redrive(event, found.state, in: shard, invocation))
                }
            } catch {
                try? lease.release(to: inbox, in: invocation)
                throw error
            }
            try lease.release(to: inbox, in: invocation)
        }
    }

    private func lease(of shard: InboxShard, in invocation: Invocation) throws(StoreError) -> InboxLease {
        while true {
            if let lease = try InboxLease.take(shard.lease, of: inbox, in: invocation) { return lease }
            guard invocation.deadline.remainingMilliseconds > InboxLease.reservedMilliseconds else { throw .timedOut }
            sleep(milliseconds: 50 + randomRevision() % 100)
        }
    }

    private func redrive(
        _ event: WaitingEvent, _ state: FoundEvent.State, in shard: InboxShard, _ invocation: Invocation
    ) throws(StoreError) -> Outcome {
        let first = try inbox.aside(event.event.entity, in: shard, atMost: 1, in: invocation).first
        let writes: [Write]
        switch (state, first) {
        case (.givenUp, nil):
            writes = [event.deletion, .put(event.key(in: shard.waiting), event.anew(), if: .ifAbsent)]
        case (.givenUp, let first?): writes = bringBack(event, beside: first, in: shard)
        case (_, let first?): writes = end(pauseOf: event.event.entity, at: inbox.now(), first, in: shard)
        case (_, nil): return .moved
        }
        do throws(StoreError) { try inbox.store.transact(writes, in: invocation) } catch {
            guard error == .conditionFailed else { throw error }
            return .moved
        }
        return .redriven
    }

    /// To those of its entity that wait, which wait no more.
    private func bringBack(_ event: WaitingEvent, beside first: Record, in shard: InboxShard) -> [Write] {
        let now = inbox.now()
        let place = event.key(in: shard.aside(event.event.entity))
        let isFirst = event.arrival.utf8.lexicographicallyPrecedes(first.key.sort.utf8)
        let attributes = event.anew(pausedUntil: isFirst ? now : nil)
        return [event.deletion, .put(place, attributes, if: .ifAbsent)]
            + end(pauseOf: event.event.entity, at: now, first, isStillFirst: !isFirst, in: shard)
    }

    /// - Parameter first: of the entity's that wait.
    private func end(
        pauseOf entity: String, at now: Timestamp, _ first: Record, isStillFirst: Bool = true, in shard: InboxShard
    ) -> [Write] {
        let pause = InboxPause(of: entity, until: now, in: shard)
        var writes = [Write.put(pause.key, [:])]
        // What is no event is given up as soon as somebody comes.
        guard let first = try? WaitingEvent(first) else { return writes }
        if isStillFirst {
            writes.append(.put(first.key, first.anew(pausedUntil: now), if: .ifRevision(first.revision)))
        }
        if let until = first.pausedUntil {
            let former = InboxPause(of: entity, until: until, in: shard)
            if former.key != pause.key { writes.append(.delete(former.key)) }
        }
        return writes
    }
}

extension WaitingEvent {
    /// As one that was never refused.
    fileprivate func anew(pausedUntil: Timestamp? = nil) -> [String: String] {
        var attributes = Self.attributes(
            text: event.text, source: source, subject: source == .connection ? subject : nil)
        attributes["pausedUntil"] = pausedUntil?.attribute
        return attributes
    }
}
