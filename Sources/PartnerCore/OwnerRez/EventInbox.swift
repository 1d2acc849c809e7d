/// Events of OwnerRez's from their arrival until they have been passed on.
///
///     ownerrez-event#ID    received    for a month: repetitions are known by it
///     ownerrez-inbox       ARRIVAL     event, receivedAt; what waits to be passed on, attempts and pausedUntil with it
///     ownerrez-events      ARRIVAL     event, receivedAt; where `store:` is what events are passed on to
///     ownerrez-given-up    ARRIVAL     event, receivedAt, attempts; what the target refused too often
///
/// ARRIVAL is a time to the millisecond and a random tail, so that sort keys are in the order of arrival.
public struct EventInbox: Sendable {
    public enum Acceptance: Sendable { case accepted, duplicate }

    let store: RecordStore
    let now: @Sendable () -> Timestamp
    /// The last arrival's milliseconds.
    private let last = Lock(0)

    static let waiting = "ownerrez-inbox"
    static let kept = "ownerrez-events"
    static let givenUp = "ownerrez-given-up"

    /// OwnerRez repeats what failed for some hours.
    private static let memorySeconds = 30 * 86_400

    public init(_ store: RecordStore, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.store = store
        self.now = now
    }

    /// Stores an event, once, in a single call to the store: OwnerRez waits for two seconds.
    public func accept(
        _ event: OwnerRezEvent, in invocation: Invocation
    ) throws(StoreError) -> Acceptance {
        let arrival = nextArrival()
        let tail = hexadecimal(randomBytes(6))
        let key = RecordKey(partition: Self.waiting, sort: "\(arrival.epochMilliseconds)-\(tail)")
        var writes: [Write] = [.put(key, ["event": event.text, "receivedAt": arrival.attribute])]
        if let id = event.id {
            let key = RecordKey(partition: "ownerrez-event#\(id)", sort: "received")
            let expires = Timestamp(epochSeconds: arrival.epochSeconds + Self.memorySeconds)
            writes.append(.put(key, ["receivedAt": arrival.attribute], expires: expires, if: .ifAbsent))
        }
        // In the same breath, for somebody who is just connecting that account again.
        if let account = event.revokedAccount { writes.append(Connections.revocation(of: account, at: arrival)) }
        do throws(StoreError) { try store.transact(writes, in: invocation) } catch {
            guard error == .conditionFailed else { throw error }
            return .duplicate
        }
        return .accepted
    }

    /// Now, and later than any arrival before it in this process: OwnerRez may send an entity's next event within the
    /// same millisecond, and the wall clock may step back.
    private func nextArrival() -> Timestamp {
        let now = now().epochMilliseconds
        return last.withLock { last in
            last = max(now, last + 1)
            return Timestamp(epochMilliseconds: last)
        }
    }
}

/// An event in the inbox.
struct WaitingEvent: Sendable {
    let event: OwnerRezEvent
    let receivedAt: Timestamp
    /// How often it could not be passed on.
    let attempts: Int
    /// Nil: it may be passed on now.
    let pausedUntil: Timestamp?
    /// Its sort key.
    let arrival: String
    fileprivate let revision: Int

    init(_ record: Record) throws(StoreError) {
        let text = try record.text("event")
        guard let json = try? JSON.parse(Array(text.utf8)) else {
            throw .unavailable(reason: "an event in the inbox is no JSON")
        }
        event = OwnerRezEvent(text: text, json)
        receivedAt = try record.time("receivedAt")
        attempts = record.attributes["attempts"].flatMap { Int($0) }.map { min(max(0, $0), 1000) } ?? 0
        pausedUntil = record.attributes["pausedUntil"].flatMap { Int($0) }.map { Timestamp(epochMilliseconds: $0) }
        arrival = record.key.sort
        revision = record.revision
    }

    fileprivate func attributes(attempts: Int? = nil, pausedUntil: Timestamp? = nil) -> [String: String] {
        var attributes = ["event": event.text, "receivedAt": receivedAt.attribute]
        attributes["attempts"] = attempts.map { "\($0)" }
        attributes["pausedUntil"] = pausedUntil?.attribute
        return attributes
    }
}

/// For whoever holds the lease.
extension EventInbox {
    /// The oldest first.
    func page(after start: String? = nil, of size: Int, in invocation: Invocation) throws(StoreError) -> [WaitingEvent]
    {
        try store.list(partition: Self.waiting, after: start, limit: size, in: invocation)
            .map { (record) throws(StoreError) in try WaitingEvent(record) }
    }

    /// It has been passed on.
    func remove(_ event: WaitingEvent, in invocation: Invocation) throws(StoreError) {
        try store.delete(RecordKey(partition: Self.waiting, sort: event.arrival), in: invocation)
    }

    /// Moves it to where the company reads it.
    func keep(_ event: WaitingEvent, in invocation: Invocation) throws(StoreError) {
        try move(event, to: Self.kept, event.attributes(), in: invocation)
    }

    /// Moves it to where people look after it.
    func giveUp(_ event: WaitingEvent, attempts: Int, in invocation: Invocation) throws(StoreError) {
        try move(event, to: Self.givenUp, event.attributes(attempts: attempts), in: invocation)
    }

    func pause(
        _ event: WaitingEvent, until: Timestamp, attempts: Int, in invocation: Invocation
    ) throws(StoreError) {
        try store.put(
            RecordKey(partition: Self.waiting, sort: event.arrival),
            event.attributes(attempts: attempts, pausedUntil: until),
            if: .ifRevision(event.revision), in: invocation)
    }

    private func move(
        _ event: WaitingEvent, to partition: String, _ attributes: [String: String], in invocation: Invocation
    ) throws(StoreError) {
        try store.transact(
            [
                .delete(RecordKey(partition: Self.waiting, sort: event.arrival), if: .ifRevision(event.revision)),
                .put(RecordKey(partition: partition, sort: event.arrival), attributes),
            ], in: invocation)
    }
}
