import Foundation
import PartnerCore

/// Ways by which an event leaves OwnerRez: public documents name one or the other.
enum DeliveryWay: String, Sendable, CaseIterable {
    /// By the app's webhook setting alone.
    case setting
    /// By what is subscribed to alone.
    case subscriptions
    /// An event may come twice.
    case both
}

/// An event that is to be sent.
struct OutgoingWebhook: Sendable, Equatable {
    /// A subscription's address; nil for the one of the app's settings.
    let url: String?
    let event: JSON
}

extension OwnerRezDouble {
    /// What leaves for changes, as the settings have it.
    func outgoing(_ changes: [OwnerRezChange], copies: Int = 1, isReversed: Bool = false) -> [OutgoingWebhook] {
        let events = changes.flatMap { change in
            outgoing(change).flatMap { Array(repeating: $0, count: copies) }
        }
        return isReversed ? events.reversed() : events
    }

    private func outgoing(_ change: OwnerRezChange) -> [OutgoingWebhook] {
        guard let event = change.event, !isLosing else { return [] }
        var events: [OutgoingWebhook] = []
        // Of those alone who have let the app in.
        if way != .subscriptions, tokens.values.contains(where: { $0.account.id == change.account }) {
            events.append(OutgoingWebhook(url: nil, event: event))
        }
        if way != .setting {
            for subscription in subscriptions where subscription.isMeant(for: change) {
                events.append(OutgoingWebhook(url: subscription.url, event: event))
            }
        }
        guard hasOwnIDs else { return events }
        return events.map { OutgoingWebhook(url: $0.url, event: Self.withOwnID($0.event)) }
    }

    /// The same event as another.
    private static func withOwnID(_ event: JSON) -> JSON {
        var own: JSON = ["id": .string(UUID().uuidString.lowercased())]
        for member in event.members ?? [] where member.name != "id" { own.add(member.name, member.value) }
        return own
    }
}
