/// Where events go once they are stored: EVENTS_TARGET.
public enum EventTarget: Sendable {
    /// They stay in the store, for the company to read.
    case store
    case queue(EventQueue)
    case bus(EventBus)
    case topic(EventTopic)
    case receiver(EventReceiver)

    enum Location {
        case store
        case queue(url: String)
        case bus(name: String)
        case topic(name: String)
        case receiver(url: String)

        init?(_ text: String) {
            if EventReceiver.isURL(text) {
                self = .receiver(url: text)
                return
            }
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "store" where parts[1].isEmpty: self = .store
            case "sqs" where MessageQueue.isURL(parts[1]): self = .queue(url: parts[1])
            case "eventbridge" where EventBus.isName(parts[1]): self = .bus(name: parts[1])
            case "pubsub" where EventTopic.isName(parts[1]): self = .topic(name: parts[1])
            default: return nil
            }
        }
    }

    /// What the setting names, whatever else it would take to send anything there.
    static func location(reading settings: inout SettingsReader) -> Location {
        settings.value(
            "EVENTS_TARGET", default: "store:", placeholder: Location.store,
            expected: "store:, sqs:QUEUE_URL, eventbridge:BUS, pubsub:projects/P/topics/T or https://HOST/PATH",
            "where events go on from the inbox"
        ) { Location($0) }
    }

    public init(reading settings: inout SettingsReader) {
        let location = Self.location(reading: &settings)
        if settings.isDescribing {
            _ = AWSClient(.sqs, reading: &settings)
            _ = AWSClient(.eventBridge, reading: &settings)
            _ = GoogleClient(.pubSub, reading: &settings)
            EventSigner.describe(in: &settings)
        }
        switch location {
        case .store: self = .store
        case .queue(let url): self = .queue(EventQueue(url: url, AWSClient(.sqs, reading: &settings)))
        case .bus(let name): self = .bus(EventBus(name: name, AWSClient(.eventBridge, reading: &settings)))
        case .topic(let name): self = .topic(EventTopic(name: name, GoogleClient(.pubSub, reading: &settings)))
        case .receiver(let url):
            self = .receiver(
                EventReceiver(url: url, reading: &settings))
        }
    }
}
