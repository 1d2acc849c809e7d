import CSystem

/// Where lines of a log go. If nobody reads them any more, a writer waits for a short time, once. Then lines are
/// dropped. How many is said as soon as lines are taken again.
///
/// The descriptor stays blocking, since O_NONBLOCK would hold for all that it is shared with. So it is asked before each
/// write whether it takes one: a pipe that does takes PIPE_BUF bytes at once (POSIX, pipe(7)). A terminal that does may
/// take a byte; but it can be opened once more, and that is shared with nobody.
final class LogOutput: Sendable {
    private struct State {
        /// Of lines whose beginning is written.
        var rest: ArraySlice<UInt8> = []
        var isStuck = false
        var dropped = 0
    }

    /// For how long a reader that has fallen behind is waited for, in milliseconds.
    private static let patience = 200

    private let descriptor: Int32
    private let isOurs: Bool
    /// What it takes without a wait when it is writable.
    private let piece: Int
    private let state = Lock(State())

    init(_ descriptor: Int32) {
        let terminal = isatty(descriptor) == 1 ? Self.reopened(descriptor) : -1
        isOurs = terminal >= 0
        self.descriptor = isOurs ? terminal : descriptor
        piece = csystem_is_pipe(descriptor) ? Int(PIPE_BUF) : .max
    }

    deinit { if isOurs { close(descriptor) } }

    /// Negative where there is no /proc, or the terminal is somebody else's.
    private static func reopened(_ descriptor: Int32) -> Int32 {
        csystem_open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0)
    }

    /// Writes lines, each with its line break, or drops them.
    ///
    /// - Parameter notice: makes the line that says how many were dropped before.
    func write(_ lines: [UInt8], notice: (_ dropped: Int) -> [UInt8]) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            let deadline = Deadline.after(milliseconds: state.isStuck ? 0 : Self.patience)
            let isFree = finish(&state, by: deadline) && tell(&state, notice, by: deadline)
            guard !isFree || !begin(lines, &state, by: deadline) else { return }
            state.dropped += lines.count { $0 == UInt8(ascii: "\n") }
        }
    }

    /// Says what was dropped, if that can be said by now.
    func finish(notice: (_ dropped: Int) -> [UInt8]) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            let deadline = Deadline.after(milliseconds: 0)
            if finish(&state, by: deadline) { _ = tell(&state, notice, by: deadline) }
        }
    }

    private func tell(_ state: inout State, _ notice: (Int) -> [UInt8], by deadline: Deadline) -> Bool {
        guard state.dropped > 0 else { return true }
        guard begin(notice(state.dropped), &state, by: deadline) else { return false }
        state.dropped = 0
        return state.rest.isEmpty
    }

    /// - Returns: false when nothing was written. What is left comes before anything else.
    private func begin(_ lines: [UInt8], _ state: inout State, by deadline: Deadline) -> Bool {
        state.rest = lines[...]
        _ = finish(&state, by: deadline)
        guard state.rest.count == lines.count else { return true }
        state.rest = []
        return false
    }

    /// - Returns: whether nothing is left.
    private func finish(_ state: inout State, by deadline: Deadline) -> Bool {
        while !state.rest.isEmpty {
            guard isWritable(by: deadline) else {
                state.isStuck = true
                return false
            }
            let count = state.rest.withUnsafeBytes { CSystem.write(descriptor, $0.baseAddress, min($0.count, piece)) }
            // A log that cannot be written is no reason to fail what is being logged.
            if count < 0 && csystem_errno() != EINTR {
                state.isStuck = csystem_errno() == EAGAIN
                return false
            }
            state.isStuck = false
            state.rest = state.rest.dropFirst(max(0, count))
        }
        return true
    }

    private func isWritable(by deadline: Deadline) -> Bool {
        var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let left = max(0, deadline.remainingMilliseconds)
            let count = poll(&output, 1, Int32(clamping: left))
            if count > 0 { return true }
            if left == 0 && !(count < 0 && csystem_errno() == EINTR) { return false }
        }
    }
}
