/// What an operator finds of an event, wherever it is.
public struct FoundEvent: Sendable {
    public enum State: String, Sendable, CaseIterable {
        /// It goes on with the next pass.
        case waiting
        /// The target has refused it, or an earlier one of its entity: it waits for a later time.
        case setAside = "set-aside"
        /// In the store for the company to read, where `store:` is the target.
        case kept
        /// It was refused too often.
        case givenUp = "given-up"
    }

    public let state: State
    /// Of a record of the inbox that is no event: why not.
    public let problem: String?
    /// Until when its entity waits.
    public let pausedUntil: Timestamp?
    let record: Record
    /// Nil where it is no event.
    let event: WaitingEvent?

    init(_ record: Record, _ state: State, pausedUntil: Timestamp? = nil) {
        self.state = state
        self.pausedUntil = pausedUntil
        self.record = record
        var (event, problem): (WaitingEvent?, String?)
        do throws(StoreError) { event = try WaitingEvent(record) } catch { problem = error.reason }
        (self.event, self.problem) = (event, problem)
    }
}

extension FoundEvent {
    /// By which it is known wherever it goes: its `sequence`.
    public var arrival: String { record.key.sort }
    public var receivedAt: Timestamp? { Arrival.time(in: arrival) }
    /// `booking.entity_update`
    public var kind: String? { event?.event.kind }
    /// `booking/16879744`
    public var entity: String? { event?.event.entity }
    public var account: Int? { event?.event.account }
    /// `webhook`, `reconcile` or `connection`.
    public var source: String? { event?.source.rawValue }
    /// Our user, as far as the record says it.
    public var subject: String? { event?.subject }
    public var attempts: Int { event?.attempts ?? 0 }
    /// Since when it is given up, and why: of events that this build has given up.
    public var givenUpAt: Timestamp? { record.attributes["givenUpAt"].flatMap { Timestamp(attribute: $0) } }
    public var reason: String? { record.attributes["reason"] }
    /// As it came, to the byte. It holds guests' personal data.
    public var text: String? { event?.event.text }
}
