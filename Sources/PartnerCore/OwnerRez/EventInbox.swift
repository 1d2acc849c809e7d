/// Events of OwnerRez's from their arrival until they have been passed on.
///
///     ownerrez-event#ID                received       for a month: repetitions are known by it, whatever is in it
///     ownerrez-told#ACCOUNT/ENTITY     VERSION        receivedAt, ..; for a month: what has been told about an entity, as
///                                                     ToldEntity has it
///     ownerrez-inbox#SHARD             ARRIVAL        event; what may be passed on now; source (where it is no webhook),
///                                                     subject (of connections' own events)
///     ownerrez-inbox-paused#SHARD      UNTIL-ENTITY   which entities' events wait, the first to go on first
///     ownerrez-inbox-aside#SHARD#ENTITY  ARRIVAL      event; what waits, the first with attempts and pausedUntil
///     ownerrez-inbox-lease             SHARD          who works it off
///     ownerrez-events                  ARRIVAL        event, receivedAt, updatedUtc; where `store:` is the target. Unless
///                                                     EVENTS_FORMAT=verbatim also source, subject, connection
///     ownerrez-given-up                ARRIVAL        likewise, source (where it is no webhook) and subject (of connections'
///                                                     own events) in any case; attempts, reason, givenUpAt: what the target
///                                                     refused too often. Or a record of the inbox that is no event, as it is
///
/// The last two go after RETENTION_EVENTS and RETENTION_GIVEN_UP, and the others when the event goes on.
///
/// So a pass reads what can go on now, however much waits. All events that are set aside together are of one entity,
/// that of a pause. The pause is there as long as any of them is.
public struct EventInbox: Sendable {
    let store: RecordStore
    let now: @Sendable () -> Timestamp
    private let retention: EventRetention

    static let kept = "ownerrez-events"
    static let givenUp = "ownerrez-given-up"

    /// - Parameter retention: for whoever works it off.
    public init(
        _ store: RecordStore, keptFor retention: EventRetention = .forGood,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.store = store
        self.retention = retention
        self.now = now
    }
}

extension OwnerRezEvent {
    var shard: InboxShard { InboxShard(ofAccount: account) }
}

/// What there is to do.
extension EventInbox {
    static let pageSize = 25

    /// The oldest of what may go on.
    func waiting(
        in shard: InboxShard, atMost limit: Int = pageSize, in invocation: Invocation
    ) throws(StoreError) -> [Record] {
        try store.list(partition: shard.waiting, limit: limit, in: invocation)
    }

    /// The first to go on, a page of them.
    func pauses(in shard: InboxShard, in invocation: Invocation) throws(StoreError) -> [InboxPause] {
        var pauses: [InboxPause] = []
        for record in try store.list(partition: shard.pauses, limit: Self.pageSize, in: invocation) {
            if let pause = InboxPause(record) {
                pauses.append(pause)
            } else {
                try giveUp(record, since: "a pause's sort key is none", in: invocation)
            }
        }
        return pauses
    }

    /// The oldest of an entity's that wait.
    func aside(
        _ entity: String, in shard: InboxShard, atMost limit: Int = pageSize, in invocation: Invocation
    ) throws(StoreError) -> [Record] {
        try store.list(partition: shard.aside(entity), limit: limit, in: invocation)
    }
}

/// For whoever holds the lease. Each is one transaction, and holds only if the event is as it was read. So whoever has
/// lost the lease, and does not know it, changes nothing.
extension EventInbox {
    /// It has been passed on.
    func remove(_ event: WaitingEvent, in invocation: Invocation) throws(StoreError) {
        try store.delete(event.key, in: invocation)
    }

    /// Moves it to where the company reads it.
    func keep(_ event: OutgoingEvent, in invocation: Invocation) throws(StoreError) {
        let waiting = event.waiting
        let expires = retention.kept.end(from: now())
        let place = Write.put(waiting.key(in: Self.kept), event.attributes, expires: expires)
        try store.transact([waiting.deletion, place], in: invocation)
    }

    /// Moves it to where people look after it.
    ///
    /// - Parameter reason: the refusal's, which holds nothing of the event.
    func giveUp(
        _ event: OutgoingEvent, attempts: Int, since reason: String, in invocation: Invocation
    ) throws(StoreError) {
        let (waiting, now) = (event.waiting, now())
        // It keeps all that it had where it waited, whatever the format: it may go back there.
        var attributes = waiting.waiting(attempts: attempts)
        for (name, value) in event.attributes { attributes[name] = value }
        attributes["reason"] = reason
        attributes["givenUpAt"] = now.attribute
        let expires = retention.givenUp.end(from: now)
        let place = Write.put(waiting.key(in: Self.givenUp), attributes, expires: expires)
        try store.transact([waiting.deletion, place], in: invocation)
    }

    /// The same with a record that is no event, and may have no revision.
    func giveUp(_ record: Record, in invocation: Invocation) throws(StoreError) {
        let key = RecordKey(partition: Self.givenUp, sort: record.key.sort)
        let expires = retention.givenUp.end(from: now())
        try store.transact([.delete(record.key), .put(key, record.attributes, expires: expires)], in: invocation)
    }

    /// Has an entity wait behind an event that was refused.
    ///
    /// - Parameter former: the pause that is over.
    func pause(
        _ event: WaitingEvent, until pause: InboxPause, attempts: Int, insteadOf former: InboxPause? = nil,
        in shard: InboxShard, in invocation: Invocation
    ) throws(StoreError) {
        let aside = event.key(in: shard.aside(pause.entity))
        let attributes = event.waiting(attempts: attempts, pausedUntil: pause.until)
        var writes: [Write] = []
        if aside == event.key {
            writes.append(.put(aside, attributes, if: .ifRevision(event.revision)))
        } else {
            writes += [event.deletion, .put(aside, attributes)]
        }
        writes.append(.put(pause.key, [:]))
        if let former, former.key != pause.key { writes.append(.delete(former.key)) }
        try store.transact(writes, in: invocation)
    }

    /// Puts an event behind those of its entity that wait. The pause is written again, lest it be gone by now.
    func setAside(
        _ event: WaitingEvent, behind pause: InboxPause, in shard: InboxShard, in invocation: Invocation
    ) throws(StoreError) {
        try store.transact(
            [
                event.deletion, .put(event.key(in: shard.aside(pause.entity)), event.waiting(attempts: event.attempts)),
                .put(pause.key, [:]),
            ], in: invocation)
    }

    /// Nothing waits any more. Nobody asks what else there was in the pause.
    func end(_ pause: InboxPause, in invocation: Invocation) throws(StoreError) {
        try store.transact([.delete(pause.key)], in: invocation)
    }
}

extension WaitingEvent {
    var deletion: Write { .delete(key, if: .ifRevision(revision)) }

    func key(in partition: String) -> RecordKey { RecordKey(partition: partition, sort: arrival) }
}
