import PartnerCore

/// So many requests in so many seconds for one source address, whichever account they are for. All that come here come
/// from one. What is refused does not count.
struct OwnerRezRate: Sendable {
    /// 0 for any number.
    var limit = 300
    var seconds = 300
    private var admitted: [Timestamp] = []
    /// How many were refused.
    private(set) var refused = 0

    mutating func admits(at now: Timestamp) -> Bool {
        let begin = now.adding(seconds: -seconds)
        // If a test puts the clock back, no request may count for ever.
        admitted.removeAll { $0 <= begin || $0 > now }
        guard limit == 0 || admitted.count < limit else {
            refused += 1
            return false
        }
        if limit > 0 { admitted.append(now) }
        return true
    }

    mutating func forgetRefused() { refused = 0 }
}
