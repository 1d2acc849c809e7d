import CSystem
import PartnerCore

/// A process that we started, with exactly the environment that it is given.
final class ChildProcess: Sendable {
    enum Ending: Sendable, Equatable {
        case exited(Int32)
        case killed(signal: Int32)

        var description: String {
            switch self {
            case .exited(let status): "exited with status \(status)"
            case .killed(let signal): "was killed by signal \(signal)"
            }
        }
    }

    let identifier: pid_t
    private let ending = Lock<Ending?>(nil)

    /// - Parameters:
    ///   - onLine: called with each line of its standard output and standard error.
    ///   - onEnd: called once, after its last line.
    init(
        _ path: String, environment: [String: String], onLine: @escaping @Sendable (String) -> Void,
        onEnd: @escaping @Sendable (pid_t, Ending) -> Void
    ) throws(SystemError) {
        var pipe: [Int32] = [-1, -1]
        guard csystem_pipe(&pipe) == 0 else { throw SystemError(code: csystem_errno()) }
        let (reading, writing) = (pipe[0], pipe[1])
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writing, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, writing, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals that we wait for are blocked here, and are not to be there. In a group of its own it does not get
        // the terminal's Ctrl-C: we end it.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var identifier = pid_t()
        let status = posix_spawn(&identifier, path, &actions, &attributes, &arguments, &variables)
        close(writing)
        guard status == 0 else {
            close(reading)
            throw SystemError(code: status)
        }
        self.identifier = identifier
        start { [self] in
            Self.readLines(reading, onLine)
            close(reading)
            let ending = reap()
            onEnd(self.identifier, ending)
        }
    }

    /// As Lambda ends an environment. What the functions do survives it.
    func kill() {
        // A process that is reaped has given up its number.
        ending.withLock { ending in
            if ending == nil { _ = CSystem.kill(identifier, SIGKILL) }
        }
    }

    /// The most memory it has had at one time, in KiB (`VmHWM` in proc(5)). Nil when it has ended.
    var peakMemoryKiB: Int? {
        let descriptor = csystem_open("/proc/\(identifier)/status", O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &text, text.count)
        let lines = text.prefix(max(0, count)).split(separator: UInt8(ascii: "\n"))
        guard let line = lines.first(where: { $0.starts(with: "VmHWM:".utf8) }) else { return nil }
        return Int(
            String(decoding: line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }, as: UTF8.self))
    }

    private func reap() -> Ending {
        // Left as a zombie until the lock is held, so that nobody kills another process of the same number.
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0 && csystem_errno() == EINTR {}
        return ending.withLock { ending in
            var status: Int32 = 0
            waitpid(identifier, &status, 0)
            // wait(2)'s macros, which Swift does not import.
            let ended: Ending = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: status & 0x7F)
            ending = ended
            return ended
        }
    }

    private static func readLines(_ descriptor: Int32, _ onLine: (String) -> Void) {
        var buffer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && csystem_errno() == EINTR { continue }
            guard count > 0 else { break }
            buffer += chunk[..<count]
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                onLine(String(decoding: buffer[..<end], as: UTF8.self))
                buffer.removeSubrange(...end)
            }
        }
        if !buffer.isEmpty { onLine(String(decoding: buffer, as: UTF8.self)) }
    }
}
