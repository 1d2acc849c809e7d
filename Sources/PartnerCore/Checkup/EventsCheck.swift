/// Whether OwnerRez's events go on.
struct EventsCheck: Sendable {
    private let store: RecordStore

    /// More of one kind are not counted.
    private static let most = 1000
    /// A pass comes every five minutes, and what a webhook brings goes at once.
    private static let longestWaitSeconds = 900

    static let none = Finding(.ok, "events", "none waits, is set aside or was given up")

    init(_ store: RecordStore) { self.store = store }

    func findings(in work: LongWork) -> [Finding] {
        let list = "partner-admin events list --state"
        do throws(StoreError) {
            let waiting = try look(.waiting, in: work)
            let aside = try look(.setAside, in: work)
            let givenUp = try look(.givenUp, in: work)
            let isLate = waiting.isOlder(than: Self.longestWaitSeconds)
            let findings = [
                waiting.finding(
                    isLate ? .warn : .ok, "events waiting",
                    next: isLate ? "\(list) waiting; does ownerrez-webhook's schedule run?" : nil),
                aside.finding(.warn, "events set aside", next: "\(list) set-aside: by whom they were refused"),
                givenUp.finding(.warn, "events given up", next: "partner-admin events redrive --dry-run"),
            ].compactMap { $0 }
            return findings.isEmpty ? [Self.none] : findings
        } catch {
            return [
                Finding(.fail, "events", "cannot be read: \(error.reason)", next: "partner-admin events list")
            ]
        }
    }

    private struct Found {
        var count = 0
        var oldest: Timestamp?

        /// Nil where there are none.
        func finding(_ state: Finding.State, _ what: String, next: String?) -> Finding? {
            guard count > 0 else { return nil }
            let number = count >= EventsCheck.most ? "\(EventsCheck.most) or more" : "\(count)"
            let age = oldest.map { ", the oldest for \($0.age)" } ?? ""
            return Finding(state, what, number + age, next: next)
        }

        func isOlder(than seconds: Int) -> Bool {
            oldest.map { $0 < Timestamp.now().adding(seconds: -seconds) } ?? false
        }
    }

    private func look(_ state: FoundEvent.State, in work: LongWork) throws(StoreError) -> Found {
        var filter = EventFilter()
        filter.states = [state]
        var listing = EventListing(filter, in: store)
        var found = Found()
        while found.count < Self.most, let events = try listing.next(in: work.step()) {
            found.count += events.count
            for time in events.compactMap({ $0.receivedAt }) { found.oldest = min(found.oldest ?? time, time) }
        }
        return found
    }
}
