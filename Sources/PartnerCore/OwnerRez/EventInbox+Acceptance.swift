/// How events come into the inbox.
extension EventInbox {
    public enum Acceptance: Sendable { case accepted, duplicate }

    /// What became of a row of a list.
    public enum Reconciliation: Sendable, Equatable {
        /// It was told of, or a later state of its entity was.
        case known
        /// Nothing has told of it: now it is in the inbox.
        case appended
        /// Something was told about its entity since, without a time, so nobody knows what. To be sure it is in the
        /// inbox now. It does not mean that webhooks fail.
        case appendedToBeSure
    }

    /// OwnerRez repeats what failed for some hours.
    private static let memorySeconds = 30 * 86_400

    /// Stores an event, once, in a single call to the store: OwnerRez waits for two seconds. The store gives it its place.
    /// The same change under another id is a duplicate too, unless it has come back. So what seems to be a repetition
    /// takes a second call, which looks for its id, and a third one where that is another.
    public func accept(
        _ event: OwnerRezEvent, in invocation: Invocation
    ) throws(StoreError) -> Acceptance {
        let now = now()
        let entity = ToldEntity(event)
        let received = event.id.map { RecordKey(partition: "ownerrez-event#\($0)", sort: "received") }
        var writes: [Write] = [
            .append(partition: event.shard.waiting, WaitingEvent.attributes(text: event.text, source: .webhook))
        ]
        if let received {
            let expires = now.adding(seconds: Self.memorySeconds)
            writes.append(.put(received, ["receivedAt": now.attribute], expires: expires, if: .ifAbsent))
        }
        // In the same breath, for somebody who is just connecting that account again.
        if let account = event.revokedAccount { writes.append(Connections.revocation(of: account, at: now)) }
        var told = entity?.writes(event, at: now) ?? []
        while true {
            do throws(StoreError) {
                try store.transact(writes + told, in: invocation)
                return .accepted
            } catch {
                guard error == .conditionFailed else { throw error }
            }
            if let received, try store.get(received, in: invocation) != nil { return .duplicate }
            guard let entity, let latest = try entity.latestBefore(return: event, in: store, invocation) else {
                return .duplicate
            }
            told = entity.writes(event, at: now, ifLatest: .ifRevision(latest), isBack: true)
        }
    }

    /// Stores what a list shows, unless it was told of: reads `ownerrez-told#..` (a list, or `latest` alone), and puts
    /// into it and into `ownerrez-inbox#..`. It never comes behind anything newer about its entity: the one transaction
    /// that stores it does so only if nobody has told of the entity since we looked. Otherwise we look again.
    ///
    /// - Parameter since: a row without a time is known if anything was told about its entity since then.
    public func acceptReconciled(
        _ row: ReconciledRow, toldSince since: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> Reconciliation {
        while true {
            let telling = try row.entity.telling(ofListed: row.event.changedAt, since: since, in: store, invocation)
            guard telling.standing != .told else { return .known }
            let (place, toldAt) = place(of: row.event, after: telling.latestAt, at: now())
            do throws(StoreError) {
                try store.transact(
                    [place] + row.entity.writes(row.event, at: toldAt, ifLatest: telling.unchanged), in: invocation)
                return telling.standing == .untold ? .appended : .appendedToBeSure
            } catch {
                guard error == .conditionFailed else { throw error }
            }
        }
    }

    /// How far a clock may be ahead of ours for us to go by it.
    private static let longestAheadMilliseconds = 900_000
    /// How far the clocks of two machines may differ as a rule, and longer than a webhook's call to the store takes.
    private static let clockSkewMilliseconds = 10_000

    /// Where a row comes: behind what was told before, and before what is being told just now, which is newer. A store
    /// that orders by itself does so. For others it is a bit in the past, or just behind the latest: whoever told that may
    /// have had a clock that is ahead of ours.
    private func place(of event: OwnerRezEvent, after latest: Timestamp?, at now: Timestamp) -> (Write, Timestamp) {
        let attributes = WaitingEvent.attributes(text: event.text, source: .reconcile)
        let partition = event.shard.waiting
        guard !store.ordersAppends else { return (.append(partition: partition, attributes), now) }
        let past = now.adding(milliseconds: -Self.clockSkewMilliseconds)
        guard let latest, latest >= past, latest.milliseconds(since: now) < Self.longestAheadMilliseconds else {
            let key = RecordKey(partition: partition, sort: Arrival.sortKey(Arrival.lowest(at: past)))
            return (.put(key, attributes), now)
        }
        let key = RecordKey(partition: partition, sort: Arrival.sortKey(Arrival.highest(at: latest)))
        return (.put(key, attributes), max(now, latest.adding(milliseconds: 1)))
    }
}
