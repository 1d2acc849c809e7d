import CSystem

/// The threads that serve. Each waits for what happens on any connection, and does itself what there is to do. Before one
/// does what may take its time, it sees to it that another waits, so that nobody is held up by that. A connection that
/// waits for its peer holds none.
final class HTTPCrew: Sendable {
    /// Bytes that a thread reads at once.
    private static let bufferSize = 16_384
    /// After which a thread that nobody has needed ends.
    private static let idleMilliseconds: Int32 = 200
    /// For so long it has to be crowded before threads are added.
    private static let lookMilliseconds = 3

    private struct State {
        var roster: HTTPRoster
        /// All of them are held up, and no more are to be had.
        var isShort = false
        /// Since when it is crowded, or was last looked at.
        var crowded: Instant?
    }

    private let duty: HTTPDuty
    private let state: Lock<State>

    init(most: Int, duty: HTTPDuty) {
        self.duty = duty
        state = Lock(State(roster: HTTPRoster(most: most)))
    }

    var isShort: Bool { state.withLock { $0.isShort } }

    /// - Returns: false when there is not one thread.
    func gather() -> Bool {
        while state.withLock({ $0.roster.threads < $0.roster.fewest }), add() {}
        return state.withLock { $0.roster.threads > 0 }
    }

    /// Called by one of them before it does what may take its time: somebody waits then for what others want.
    func makeUp() {
        let (isWanted, isNewlyCrowded) = state.withLock { state in
            let isNewlyCrowded = state.roster.isCrowded && state.crowded == nil
            if isNewlyCrowded { state.crowded = .now() }
            return (state.roster.wantsAnother, isNewlyCrowded)
        }
        if isNewlyCrowded { duty.bell.ring() }
        guard isWanted, !add() else { return }
        let isShort = state.withLock { state in
            state.isShort = state.roster.wantsAnother
            return state.isShort
        }
        if isShort { duty.bell.ring() }
    }

    /// Called by the front door, which adds threads where those that there are wait for somebody outside.
    ///
    /// - Returns: in how many milliseconds to look again; nil when there is no need.
    func look() -> Int? {
        let missing: Int? = state.withLock { state in
            guard let since = state.crowded else { return nil }
            guard state.roster.isCrowded else {
                state.crowded = nil
                return nil
            }
            guard since.elapsedMicroseconds >= Self.lookMilliseconds * 1000 else { return 0 }
            state.crowded = .now()
            return state.roster.missing()
        }
        guard let missing else { return nil }
        for _ in 0..<missing where !add() {
            state.withLock { $0.isShort = $0.roster.isCrowded }
            break
        }
        return Self.lookMilliseconds
    }

    /// They end as soon as they have nothing to do.
    func end() {
        state.withLock { $0.roster.end() }
        duty.events.end()
    }

    /// - Returns: false when there are enough of them, or the system has none left to give.
    private func add() -> Bool {
        guard state.withLock({ $0.roster.admit() }) else { return false }
        if let thread = Thread({ [self] in run() }) {
            thread.detach()
            return true
        }
        state.withLock { $0.roster.leave() }
        return false
    }

    private func run() {
        let watch = BlockingWatch(
            began: { [self] in state.withLock { $0.roster.holdUp() } },
            ended: { [self] in state.withLock { $0.roster.goOn() } })
        watch.watchThread()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
        defer { buffer.deallocate() }
        serve(reading: buffer)
        _ = consume watch
    }

    private func serve(reading buffer: UnsafeMutableRawBufferPointer) {
        var hasSurplus = state.withLock { $0.roster.hasSurplus }
        while true {
            switch duty.events.next(within: hasSurplus ? Self.idleMilliseconds : -1) {
            case .news(let visit, let isEnding):
                state.withLock { $0.roster.take() }
                duty.serve(visit, isEnding: isEnding, reading: buffer)
                let stays = state.withLock { state in
                    state.isShort = false
                    let stays = state.roster.finish()
                    hasSurplus = state.roster.hasSurplus
                    return stays
                }
                if !stays { return }
            case .nothing:
                if mayEnd() { return }
                hasSurplus = state.withLock { $0.roster.hasSurplus }
            case .over:
                return state.withLock { $0.roster.leave() }
            }
        }
    }

    /// Whether a thread that has waited for nothing is one too many. The last of those gives back the memory they took.
    private func mayEnd() -> Bool {
        let (isSurplus, isLast) = state.withLock { state in
            (state.roster.leaveIfSurplus(), state.roster.threads == state.roster.fewest)
        }
        if isSurplus && isLast { csystem_return_memory() }
        return isSurplus
    }
}
