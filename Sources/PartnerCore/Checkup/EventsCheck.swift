/// Whether OwnerRez's events go on.
struct EventsCheck: Sendable {
    private let store: RecordStore

    /// More of one kind are not counted.
    private static let most = 1000
    /// A pass comes every five minutes, and what a webhook brings goes at once.
    private static let longestWaitSeconds = 900

    init(_ store: RecordStore) { self.store = store }

    func findings(in invocation: Invocation) -> [Finding] {
        do throws(StoreError) {
            let waiting = try look(.waiting, in: invocation)
            let aside = try look(.setAside, in: invocation)
            let givenUp = try look(.givenUp, in: invocation)
            return [
                Finding(
                    waiting.isOlder(than: Self.longestWaitSeconds) ? .warn : .ok, "events waiting", waiting.text,
                    next: waiting.isOlder(than: Self.longestWaitSeconds)
                        ? "is ownerrez-webhook's schedule running? its log; partner-admin events list" : nil),
                Finding(
                    aside.count > 0 ? .warn : .ok, "events set aside", aside.text,
                    next: aside.count > 0
                        ? "why: ownerrez-webhook's log, events' target; partner-admin events list" : nil),
                Finding(
                    givenUp.count > 0 ? .warn : .ok, "events given up", givenUp.text,
                    next: givenUp.count > 0 ? "partner-admin events list, then events redrive" : nil),
            ]
        } catch {
            return [Finding(.fail, "events", "cannot be read: \(error.reason)", next: "see store")]
        }
    }

    private struct Found {
        var count = 0
        var oldest: Timestamp?

        var text: String {
            guard count > 0 else { return "none" }
            let number = count >= EventsCheck.most ? "\(EventsCheck.most) or more" : "\(count)"
            return number + (oldest.map { ", the oldest of \($0.rfc3339)" } ?? "")
        }

        func isOlder(than seconds: Int) -> Bool {
            oldest.map { $0 < Timestamp.now().adding(seconds: -seconds) } ?? false
        }
    }

    private func look(_ state: FoundEvent.State, in invocation: Invocation) throws(StoreError) -> Found {
        var filter = EventFilter()
        filter.states = [state]
        var listing = EventListing(filter, in: store)
        var found = Found()
        while found.count < Self.most, let events = try listing.next(in: invocation) {
            found.count += events.count
            for time in events.compactMap({ $0.receivedAt }) { found.oldest = min(found.oldest ?? time, time) }
        }
        return found
    }
}
