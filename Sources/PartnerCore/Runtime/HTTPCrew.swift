import CSystem

/// The threads that serve. Each waits for what happens on any connection, and does itself what there is to do. Before one
/// does what may take its time, it sees to it that another waits, so that nobody is held up by that. A connection that
/// waits for its peer holds none.
final class HTTPCrew: Sendable {
    /// Bytes that a thread reads at once.
    private static let bufferSize = 16_384
    /// After which a thread that nobody has needed ends.
    private static let idleMilliseconds: Int32 = 200

    private struct State {
        var threads = 0
        var waiting = 0
        /// All of them are held up, and no more are to be had.
        var isShort = false
        var isOver = false

        /// One of those who wait.
        mutating func leave() {
            threads -= 1
            waiting -= 1
        }
    }

    /// So many can work at once, and do not end.
    private let fewest: Int
    private let most: Int
    private let duty: HTTPDuty
    private let state = Lock(State())

    init(most: Int, duty: HTTPDuty) {
        self.most = most
        self.duty = duty
        fewest = min(most, Thread.processors)
    }

    private var threads: Int { state.withLock { $0.threads } }

    var isShort: Bool { state.withLock { $0.isShort } }

    /// - Returns: false when there is not one thread.
    func gather() -> Bool {
        while state.withLock({ $0.threads < fewest }), add() {}
        return threads > 0
    }

    /// Called by one of them before it does what may take its time: somebody waits then for what others want.
    func makeUp() {
        guard state.withLock({ $0.waiting == 0 && !$0.isOver }), !add() else { return }
        let isShort = state.withLock { state in
            // With the most there can be nobody is left who would need one.
            state.isShort = state.waiting == 0 && state.threads < most
            return state.isShort
        }
        if isShort { duty.bell.ring() }
    }

    /// They end as soon as they have nothing to do.
    func end() {
        state.withLock { $0.isOver = true }
        duty.events.end()
    }

    /// - Returns: false when there are enough of them, or the system has none left to give.
    private func add() -> Bool {
        let isAdmitted = state.withLock { state in
            guard state.threads < most, !state.isOver else { return false }
            // Counted from here on among those who wait, so that not everybody adds one.
            state.threads += 1
            state.waiting += 1
            return true
        }
        guard isAdmitted else { return false }
        if let thread = Thread({ [self] in run() }) {
            thread.detach()
            return true
        }
        state.withLock { $0.leave() }
        return false
    }

    private func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
        defer { buffer.deallocate() }
        var isSurplus = threads > fewest
        while true {
            switch duty.events.next(within: isSurplus ? Self.idleMilliseconds : -1) {
            case .news(let visit, let isEnding):
                state.withLock { $0.waiting -= 1 }
                duty.serve(visit, isEnding: isEnding, reading: buffer)
                isSurplus = state.withLock { state in
                    state.waiting += 1
                    state.isShort = false
                    return state.threads > fewest
                }
            case .nothing:
                if mayEnd() { return }
                isSurplus = threads > fewest
            case .over:
                return state.withLock { $0.leave() }
            }
        }
    }

    /// Whether a thread that has waited for nothing is one too many. The last of those gives back the memory they took.
    private func mayEnd() -> Bool {
        let left = state.withLock { state -> Int? in
            guard state.threads > fewest, state.waiting > 1 else { return nil }
            state.leave()
            return state.threads
        }
        if left == fewest { csystem_return_memory() }
        return left != nil
    }
}
