/// What is spent of the shared rate budget, as the store has it: how many requests were taken in each of the last slots.
///
///     ownerrez-rate   budget   slot, counts (of that slot and those before it), pausedUntil, pauseSeconds
///
/// Requests are only ever counted in the newest slot, and never so that the last 22 slots hold more than the limit. Five
/// minutes touch 21 slots; one more makes up for what the processes do not know of the store's clock.
struct RateRecord: Equatable {
    static let slotMilliseconds = 15_000
    static let slots = 22
    /// A record is of no use after that, and OwnerRez does not ask for more.
    static let longestPauseSeconds = 300
    static let firstPauseSeconds = 15
    private static let keptMilliseconds = 3_600_000

    /// Slots since 1970.
    private(set) var slot: Int
    /// Of `slot` first.
    private(set) var counts: [Int]
    private(set) var pausedUntil = Timestamp(epochMilliseconds: 0)
    /// How long the last pause was.
    private(set) var pauseSeconds = 0

    init(at time: Timestamp) {
        slot = Self.slot(at: time)
        counts = [Int](repeating: 0, count: Self.slots)
    }

    init(_ record: Record) throws(StoreError) {
        let unreadable = StoreError.unreadable(reason: "the rate budget's record is in no form of ours")
        let text = Array(try record.text("counts").utf8)
        guard let slot = Int(try record.text("slot")), (0...Self.latestSlot).contains(slot),
            let counts = (try? JSON.parse(text))?.array?.compactMap({ $0.integer }),
            counts.count == Self.slots, counts.allSatisfy({ (0...100_000).contains($0) }),
            let pauseSeconds = Int(try record.text("pauseSeconds"))
        else { throw unreadable }
        self.slot = slot
        self.counts = counts
        self.pauseSeconds = min(max(pauseSeconds, 0), Self.longestPauseSeconds)
        pausedUntil = try record.time("pausedUntil")
    }

    var attributes: [String: String] {
        [
            "slot": "\(slot)", "counts": String(decoding: JSON.array(counts.map { .integer($0) }).text, as: UTF8.self),
            "pausedUntil": pausedUntil.attribute, "pauseSeconds": "\(pauseSeconds)",
        ]
    }

    /// Long after all that it holds has passed.
    var expires: Timestamp { Timestamp(epochMilliseconds: slot * Self.slotMilliseconds + Self.keptMilliseconds) }

    /// Where its newest slot began.
    var slotBegan: Timestamp { Timestamp(epochMilliseconds: slot * Self.slotMilliseconds) }

    var slotEnds: Timestamp { slotBegan.adding(milliseconds: Self.slotMilliseconds) }

    var spent: Int { counts.reduce(0, +) }

    /// Goes on to the slot of a time, unless it is there already.
    mutating func advance(to time: Timestamp) {
        let passed = Self.slot(at: time) - slot
        guard passed > 0 else { return }
        slot += passed
        counts = Array(([Int](repeating: 0, count: min(passed, Self.slots)) + counts).prefix(Self.slots))
    }

    mutating func take(_ count: Int) { counts[0] += count }

    /// When less than a limit will be spent, if nobody takes any more: the beginning of a slot.
    func time(whenBelow limit: Int) -> Timestamp {
        var spent = spent
        var passed = 0
        while spent >= limit, passed < Self.slots {
            passed += 1
            spent -= counts[Self.slots - passed]
        }
        return slotBegan.adding(milliseconds: passed * Self.slotMilliseconds)
    }

    /// After a 429. Those that were on their way when a pause began are not counted against anybody.
    ///
    /// - Parameter retryAfter: what OwnerRez asked for, in seconds. Otherwise a pause is twice as long as one that ended
    ///   less than five minutes ago.
    mutating func pause(at time: Timestamp, retryAfter: Int?) {
        let isOngoing = pausedUntil > time
        let isRepeated = time.milliseconds(since: pausedUntil) < 300_000
        let doubled =
            isOngoing ? 0 : isRepeated ? max(2 * pauseSeconds, Self.firstPauseSeconds) : Self.firstPauseSeconds
        let seconds = min(retryAfter ?? doubled, Self.longestPauseSeconds)
        let end = time.adding(seconds: seconds)
        guard end > pausedUntil else { return }
        pausedUntil = end
        pauseSeconds = max(seconds, isOngoing ? pauseSeconds : 0)
    }

    /// Milliseconds; nothing of a pause that is over. None is longer than the longest, whatever clocks were put to.
    func pauseLeft(at time: Timestamp) -> Int {
        max(0, min(pausedUntil.milliseconds(since: time), Self.longestPauseSeconds * 1000))
    }

    private static func slot(at time: Timestamp) -> Int { max(0, time.epochMilliseconds) / slotMilliseconds }

    /// The year 9999's.
    private static let latestSlot = 253_402_300_799_999 / slotMilliseconds
}
