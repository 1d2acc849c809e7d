/// An event as it goes on to whoever works with it.
struct OutgoingEvent: Sendable {
    let waiting: WaitingEvent
    private let format: EventFormat
    /// Our user whose connection it is of; nil where nobody has connected the account.
    private let subject: String?

    init(_ waiting: WaitingEvent, as format: EventFormat, of subject: String?) {
        self.waiting = waiting
        self.format = format
        self.subject = subject
    }

    /// What is sent. The envelope is written around the event's text, which is never written anew: signatures, digests and
    /// whatever else OwnerRez may come to put into it stay good.
    var text: String {
        guard format == .envelope else { return waiting.event.text }
        let head: JSON = [
            "subject": Self.string(subject), "connection": Self.string(connection),
            "source": .string(waiting.source.rawValue), "receivedAt": .string(waiting.receivedAt.rfc3339),
            "sequence": .string(waiting.arrival),
        ]
        let open = head.text.dropLast()
        return String(decoding: open, as: UTF8.self) + ",\"event\":" + waiting.event.text + "}"
    }

    /// As it is stored where others read it.
    var attributes: [String: String] {
        var attributes = ["event": waiting.event.text]
        for teller in waiting.tellers { attributes[teller.name] = teller.value }
        guard format == .envelope else { return attributes }
        attributes["source"] = waiting.source.rawValue
        attributes["subject"] = subject
        attributes["connection"] = connection
        return attributes
    }

    /// The id by which an app knows the connection: that of the account.
    private var connection: String? { waiting.event.account.map { "\($0)" } }

    private static func string(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}

/// In which form events go on: EVENTS_FORMAT.
public enum EventFormat: Sendable {
    /// With whose it is, who tells of it, when it came and in what order:
    /// `{"subject","connection","source","receivedAt","sequence","event"}`.
    case envelope
    /// As it came, and nothing else.
    case verbatim

    public init(reading settings: inout SettingsReader) {
        self = settings.choice(
            "EVENTS_FORMAT", default: "envelope", [("envelope", .envelope), ("verbatim", .verbatim)],
            "events go on with whose they are, or as they came")
    }
}
