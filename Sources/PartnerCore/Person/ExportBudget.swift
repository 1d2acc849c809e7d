/// How much one page of an export looks at: what bounds its time, its memory and its size.
struct ExportBudget {
    /// Calls to the store, beside those that a page begins with.
    static let mostReads = 50
    static let rewardsAtOnce = 100
    /// Few, so that the address of a page stays short.
    static let pausesAtOnce = 5
    private static let mostEntries = 1_000
    /// Of events' content, which comes along.
    private static let mostBytes = 4_000_000

    private var reads: Int
    var entries = 0
    var bytes = 0

    init(reads: Int) { self.reads = reads }

    mutating func allowsReading() -> Bool {
        guard reads > 0, entries < Self.mostEntries, bytes < Self.mostBytes else { return false }
        reads -= 1
        return true
    }
}
