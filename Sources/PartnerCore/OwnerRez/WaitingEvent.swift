/// An event in the inbox.
struct WaitingEvent: Sendable {
    let event: OwnerRezEvent
    let receivedAt: Timestamp
    let source: EventSource
    /// Our user whose connection it is of; of connections' own events alone.
    let subject: String?
    /// How often it could not be passed on.
    let attempts: Int
    /// Until when it waits, with all of its entity's behind it; nil when it was never refused.
    let pausedUntil: Timestamp?
    let key: RecordKey
    let revision: Int

    static let schema = RecordSchema(kind: "a waiting event's")

    /// Its sort key.
    var arrival: String { key.sort }

    init(_ record: Record) throws(StoreError) {
        try Self.schema.check(record)
        let text = try record.text("event")
        guard let json = try? JSON.parse(Array(text.utf8)) else {
            throw .unreadable(reason: "an event in the inbox is no JSON")
        }
        guard let receivedAt = Arrival.time(in: record.key.sort) else {
            throw .unreadable(reason: "an event's sort key in the inbox is no time")
        }
        event = OwnerRezEvent(text: text, json)
        self.receivedAt = receivedAt
        source = record.attributes["source"].flatMap { EventSource(exactly: $0) } ?? .webhook
        subject = record.attributes["subject"]
        attempts = record.attributes["attempts"].flatMap { Int($0) }.map { min(max(0, $0), 1000) } ?? 0
        pausedUntil = record.attributes["pausedUntil"].flatMap { Timestamp(attribute: $0) }
        key = record.key
        revision = record.revision
    }

    /// As it is stored from the first. What comes by the webhook has no source, as in builds that knew no other.
    static func attributes(text: String, source: EventSource, subject: String? = nil) -> [String: String] {
        var attributes = ["event": text]
        if source != .webhook { attributes["source"] = source.rawValue }
        attributes["subject"] = subject
        return attributes
    }

    /// As it is stored where it waits.
    func waiting(attempts: Int? = nil, pausedUntil: Timestamp? = nil) -> [String: String] {
        var attributes = Self.attributes(text: event.text, source: source, subject: subject)
        if let attempts, attempts > 0 { attributes["attempts"] = "\(attempts)" }
        attributes["pausedUntil"] = pausedUntil?.attribute
        return attributes
    }

    /// What goes beside an event, so that its receivers can tell old from new: arrivals by several processes' clocks may
    /// be the other way round.
    struct Teller {
        let name: String
        let value: String
        let isNumber: Bool
    }

    var tellers: [Teller] {
        [Teller(name: "receivedAt", value: receivedAt.attribute, isNumber: true)]
            + (event.updated.map { [Teller(name: "updatedUtc", value: $0, isNumber: false)] } ?? [])
    }
}
