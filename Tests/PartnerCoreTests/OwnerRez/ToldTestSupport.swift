import Testing

@testable import PartnerCore

/// An inbox over a backend, its clock, and what OwnerRez tells of one booking.
struct InboxUnderTest {
    static let account = 347_482_730
    let stores: StoreUnderTest
    let inbox: EventInbox
    let another: EventInbox
    var invocation: Invocation { .forStore() }

    init(_ backend: Backend) throws {
        let stores = try StoreUnderTest(backend)
        self.stores = stores
        inbox = EventInbox(stores.store) { stores.now }
        another = EventInbox(stores.another) { stores.now }
    }

    /// Another process's, whose clock is wrong.
    func inbox(secondsAhead: Int) throws -> EventInbox {
        let stores = stores
        let clock = { @Sendable in stores.now.adding(seconds: secondsAhead) }
        return EventInbox(try stores.opened(clock), now: clock)
    }

    static func event(
        id: String = randomID(), booking: Int = 7, action: String = "entity_update", updated: String? = nil,
        status: String = "pending"
    ) throws -> OwnerRezEvent {
        let time = updated.map { #","updated_utc":"\#($0)""# } ?? ""
        let text =
            #"{"id":"\#(id)","user_id":\#(account),"action":"\#(action)","entity_type":"booking","#
            + #""entity_id":\#(booking),"entity":{"id":\#(booking),"status":"\#(status)"\#(time)}}"#
        return OwnerRezEvent(text: text, try json(text))
    }

    static func row(booking: Int = 7, updated: String?, status: String = "pending") throws -> ReconciledRow {
        let time = updated.map { #","updated_utc":"\#($0)""# } ?? ""
        let row = try json(#"{"id":\#(booking),"status":"\#(status)"\#(time)}"#)
        return try #require(ReconciledRow(row, type: "booking", account: account))
    }

    var waiting: [WaitingEvent] {
        get throws {
            try stores.another.list(partition: InboxShard(ofAccount: Self.account).waiting, in: invocation)
                .map { (record) in try WaitingEvent(record) }
        }
    }

    /// Of the changes that wait, the last digit of their time's seconds, in the order of their arrival.
    var seconds: [String] {
        get throws { try waiting.compactMap { $0.event.changedAt.map { String($0.text.dropFirst(18).prefix(1)) } } }
    }

    func told(booking: Int = 7) throws -> [Record] {
        try stores.another.list(partition: "ownerrez-told#347482730/booking/\(booking)", in: invocation)
    }

    func pass(seconds: Int) { stores.setClock(to: stores.now.adding(seconds: seconds)) }
}

func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }
