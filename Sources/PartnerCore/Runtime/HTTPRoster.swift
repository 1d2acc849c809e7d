/// What a crew's threads are doing, and so whether one more of them is wanted.
///
/// Those that wait for somebody outside take no processor: for each of them another may work. But more of them at work
/// than there are processors for only get in each other's way: of 256 connections the slowest hundredth waited 70 to 137 ms
/// with a thread for each, and 14 to 17 ms with few, which answered a tenth more.
struct HTTPRoster {
    /// So many always stay.
    let fewest: Int
    /// So many come as soon as they are asked for.
    let ample: Int
    let most: Int
    private let processors: Int

    private(set) var threads = 0
    /// For what happens on any connection.
    private(set) var waiting = 0
    /// For somebody outside, within a request.
    private(set) var heldUp = 0
    private(set) var isOver = false
    /// How many events they have taken since it was last looked at, and how many were at work at each, together.
    private var taken = (events: 0, working: 0)

    init(most: Int, processors: Int = Thread.processors) {
        self.most = most
        self.processors = processors
        fewest = min(most, processors)
        ample = min(most, 16 * processors)
    }

    /// Whether there are more than always stay.
    var hasSurplus: Bool { threads > fewest }

    var working: Int { threads - waiting - heldUp }

    /// Whether nobody waits for what happens next.
    var wantsAnother: Bool { waiting == 0 && threads < ample && !isOver }

    /// Whether nobody does, though there are many.
    var isCrowded: Bool { waiting == 0 && (ample..<most).contains(threads) && !isOver }

    /// - Returns: false when there are enough of them.
    mutating func admit() -> Bool {
        guard threads < most, !isOver else { return false }
        // Counted from here on among those who wait, so that not everybody adds one.
        threads += 1
        waiting += 1
        return true
    }

    mutating func take() {
        waiting -= 1
        taken.events += 1
        taken.working += working
    }

    /// It has been crowded for a while.
    ///
    /// - Returns: how many more there is work for: as long as fewer are at work than there are processors.
    mutating func missing() -> Int {
        defer { taken = (0, 0) }
        if taken.events == 0 { return 3 * threads }
        return taken.working < processors * taken.events ? threads : 0
    }

    mutating func holdUp() { heldUp += 1 }

    mutating func goOn() { heldUp -= 1 }

    /// What one of them had to do is done.
    ///
    /// - Returns: whether it stays, and does not leave a processor to the others.
    mutating func finish() -> Bool {
        let stays = threads <= ample || working <= 8 * processors
        waiting += 1
        if !stays { leave() }
        return stays
    }

    /// One of those who have waited for nothing.
    ///
    /// - Returns: whether it was one too many.
    mutating func leaveIfSurplus() -> Bool {
        guard hasSurplus, waiting > 1 else { return false }
        leave()
        return true
    }

    /// One of those who wait.
    mutating func leave() {
        threads -= 1
        waiting -= 1
    }

    mutating func end() { isOver = true }
}
