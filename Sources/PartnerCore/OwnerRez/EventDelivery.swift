/// What is done with an event: what it says of a connection, and then its way to the target. Each pass has its own.
struct EventDelivery: Sendable {
    private let inbox: EventInbox
    private let target: EventTarget
    private let format: EventFormat
    private let revocations: Revocations
    /// Whose the accounts are that this pass has met, so that each is looked up once.
    private var subjects: [Int: String?] = [:]

    init(_ inbox: EventInbox, to target: EventTarget, as format: EventFormat, _ revocations: Revocations) {
        self.inbox = inbox
        self.target = target
        self.format = format
        self.revocations = revocations
    }

    /// - Returns: nil when the event is where it belongs and out of the inbox.
    mutating func deliver(_ waiting: WaitingEvent, in invocation: Invocation) throws(StoreError) -> EventRefusal? {
        // Before the connection goes with what the event tells.
        let event = try outgoing(waiting, in: invocation)
        if let account = waiting.event.revokedAccount {
            subjects[account] = nil
            if let refusal = try revocations.settle(account: account, receivedAt: waiting.receivedAt, in: invocation) {
                return refusal
            }
        }
        let refusal: EventRefusal?
        switch target {
        case .store:
            try inbox.keep(event, in: invocation)
            return nil
        case .queue(let queue): refusal = queue.send(event, in: invocation)
        case .bus(let bus): refusal = bus.put(event, in: invocation)
        case .topic(let topic): refusal = topic.publish(event, in: invocation)
        case .receiver(let receiver): refusal = receiver.post(event, in: invocation)
        }
        if refusal == nil { try inbox.remove(waiting, in: invocation) }
        return refusal
    }

    /// Puts it where people look after it.
    mutating func giveUp(
        _ waiting: WaitingEvent, attempts: Int, since refusal: EventRefusal, in invocation: Invocation
    ) throws(StoreError) {
        let event = try outgoing(waiting, in: invocation)
        try inbox.giveUp(event, attempts: attempts, since: refusal.reason, in: invocation)
    }

    private mutating func outgoing(
        _ waiting: WaitingEvent, in invocation: Invocation
    ) throws(StoreError) -> OutgoingEvent {
        OutgoingEvent(waiting, as: format, of: try subject(of: waiting, in: invocation))
    }

    private mutating func subject(of waiting: WaitingEvent, in invocation: Invocation) throws(StoreError) -> String? {
        guard format == .envelope, let account = waiting.event.account else { return nil }
        if waiting.source == .connection {
            // What it tells of has come between the events before it and those behind it.
            subjects[account] = nil
            if let subject = waiting.subject { return subject }
        }
        if let subject = subjects[account] { return subject }
        let subject = try revocations.connections.subject(account: account, in: invocation)
        subjects[account] = .some(subject)
        return subject
    }
}

extension Connections {
    /// Our user who has connected an account; nil when nobody has.
    fileprivate func subject(account: Int, in invocation: Invocation) throws(StoreError) -> String? {
        guard let record = try store.get(Self.key(account: account), in: invocation) else { return nil }
        try Connection.schema.check(record)
        // As an older build has left it: it may be one that nobody lists or uses. No event waits because of that.
        if record.attributes["listedAt"] == nil, let stored = try? stored(account: account, in: invocation) {
            try? enlist(stored, in: invocation)
        }
        return record.attributes["subject"]
    }
}
