/// The events that an operator looks for, page by page, however many there are. What is held of them is a page, and the
/// names of the entities of one part of the inbox that wait.
///
/// It looks in the order in which events move on. So one that moves meanwhile may be shown twice, and is not missed unless
/// it is redriven.
public struct EventListing: Sendable {
    enum Part: Sendable, Equatable {
        case records(FoundEvent.State, partition: String, pausedUntil: Timestamp? = nil, after: String?)
        /// The entities of a part of the inbox that wait, each of which has a partition.
        case pauses(InboxShard, after: String?)
    }

    private let store: RecordStore
    private let filter: EventFilter
    /// Where there is still to look, last first.
    private var rest: [Part] = []
    /// How many of them nobody has looked at: the first ones.
    private var untouched = 0
    /// How many entities that wait are looked up with one call; a position names as many.
    var pausesAtOnce = EventInbox.pageSize
    /// There may be several pauses of one.
    private var seen: Set<ExactText> = []

    init(_ filter: EventFilter, in store: RecordStore) {
        self.store = store
        self.filter = filter
        for state in FoundEvent.State.allCases where filter.states.contains(state) {
            switch state {
            case .waiting: rest += filter.shards.map { records(.waiting, $0.waiting) }
            case .setAside:
                rest += filter.shards.map { shard in
                    filter.entity.map { records(.setAside, shard.aside($0)) } ?? .pauses(shard, after: nil)
                }
            case .kept: rest.append(records(.kept, EventInbox.kept))
            case .givenUp: rest.append(records(.givenUp, EventInbox.givenUp))
            }
        }
        rest.reverse()
        untouched = rest.count
    }

    /// How far it has come.
    public struct Position: Sendable, Equatable {
        let untouched: Int
        let begun: [Part]
    }

    public var position: Position { Position(untouched: untouched, begun: Array(rest[untouched...])) }

    /// Goes on where another one of the same filter has come to. Of entities that wait, one whose time has changed since
    /// may be looked through twice.
    mutating func resume(at position: Position) {
        untouched = min(max(0, position.untouched), untouched)
        rest = rest[..<untouched] + position.begun
    }

    private func records(
        _ state: FoundEvent.State, _ partition: String, pausedUntil: Timestamp? = nil
    ) -> Part {
        .records(state, partition: partition, pausedUntil: pausedUntil, after: filter.start)
    }

    /// Looks a little further: one call to the store.
    ///
    /// - Returns: what it came upon, which may be nothing; nil at the end.
    public mutating func next(in invocation: Invocation) throws(StoreError) -> [FoundEvent]? {
        guard let part = rest.last else { return nil }
        untouched = min(untouched, rest.count - 1)
        switch part {
        case .pauses(let shard, let start):
            if start == nil { seen = [] }
            try takeUpPauses(of: shard, after: start, in: invocation)
            return []
        case .records(let state, let partition, let pausedUntil, let start):
            let page = try page(partition, after: start, in: invocation)
            // The first of an entity's knows until when they wait.
            let until = start == filter.start ? page.first?.pausedUntil ?? pausedUntil : pausedUntil
            rest.removeLast()
            if filter.arrival == nil, page.count == EventInbox.pageSize, let last = page.last, !isBeyond(last) {
                rest.append(.records(state, partition: partition, pausedUntil: until, after: last.key.sort))
            }
            let found = page.map { FoundEvent($0, state, pausedUntil: state == .setAside ? until : nil) }
            return found.filter { filter.holds($0) }
        }
    }

    private func page(
        _ partition: String, after start: String?, in invocation: Invocation
    ) throws(StoreError) -> [Record] {
        guard let arrival = filter.arrival else {
            return try store.list(
                partition: partition, after: start, limit: EventInbox.pageSize, in: invocation)
        }
        let record = try store.get(RecordKey(partition: partition, sort: arrival), in: invocation)
        return record.map { [$0] } ?? []
    }

    private mutating func takeUpPauses(
        of shard: InboxShard, after start: String?, in invocation: Invocation
    ) throws(StoreError) {
        let page = try store.list(partition: shard.pauses, after: start, limit: pausesAtOnce, in: invocation)
        rest.removeLast()
        if page.count == pausesAtOnce, let last = page.last {
            rest.append(.pauses(shard, after: last.key.sort))
        }
        for pause in page.reversed().compactMap({ InboxPause($0) }) where seen.insert(ExactText(pause.entity)).inserted
        {
            rest.append(records(.setAside, shard.aside(pause.entity), pausedUntil: pause.until))
        }
    }

    private func isBeyond(_ record: Record) -> Bool {
        guard let before = filter.before, let receivedAt = Arrival.time(in: record.key.sort) else { return false }
        return receivedAt >= before
    }
}

extension Record {
    /// Of the first of an entity's that wait.
    fileprivate var pausedUntil: Timestamp? { attributes["pausedUntil"].flatMap { Timestamp(attribute: $0) } }
}

extension EventInbox {
    /// For operators.
    public func listing(_ filter: EventFilter) -> EventListing { EventListing(filter, in: store) }
}
