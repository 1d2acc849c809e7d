import PartnerCore

/// So many steps in a second at most, evenly.
struct Pace {
    private let milliseconds: Int
    private var last: Instant?

    init(perSecond: Int) { milliseconds = 1000 / perSecond }

    /// Until the next step may be made.
    mutating func wait() {
        if let last {
            let left = milliseconds - last.elapsedMicroseconds / 1000
            if left > 0 { sleep(milliseconds: left) }
        }
        last = .now()
    }
}
