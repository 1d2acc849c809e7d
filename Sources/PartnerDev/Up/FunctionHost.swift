import CSystem
import PartnerCore

/// One function as Lambda runs it: its real executable in one process, over a Runtime API of its own. A process that
/// has ended is started again for the next invocation, and one whose executable was built anew is replaced.
final class FunctionHost: Sendable {
    struct Invoked: Sendable {
        let outcome: RuntimeAPI.Outcome
        /// Why the outcome is `ended`, or what else there is to say.
        let note: String?
        let microseconds: Int
        let peakMemoryKiB: Int?
        let isColdStart: Bool
    }

    private struct State {
        var process: ChildProcess?
        /// The process's own: what an earlier one asked for, nobody else answers.
        var server: HTTPServer?
        var binary: Binary?
        /// Seen at the last look: a linker may be at it still.
        var candidate: Binary?
        /// Why there is no process.
        var complaint: String?
        var isStopping = false
    }

    let function: Template.Function
    private let root: String
    private let console: Console
    private let settings: [String: String]
    private let api: RuntimeAPI
    private let state = Lock(State())

    /// - Parameters:
    ///   - root: where the template is; its paths are relative to it.
    ///   - settings: the function's whole environment, without what Lambda itself sets.
    init(
        _ function: Template.Function, api: RuntimeAPI, root: String, settings: [String: String], console: Console
    ) {
        self.function = function
        self.root = root
        self.console = console
        self.api = api
        self.settings = settings
        state.withLock { startProcess(&$0) }
    }

    func invoke(_ event: [UInt8], cause: Int?) -> Invoked {
        let complaint = state.withLock { state in
            if state.process == nil { startProcess(&state) }
            return state.process == nil ? state.complaint : nil
        }
        if let complaint {
            return Invoked(
                outcome: .ended, note: complaint, microseconds: 0, peakMemoryKiB: nil, isColdStart: false)
        }
        let began = Instant.now()
        let ended = api.invoke(event, cause: cause)
        let microseconds = began.elapsedMicroseconds
        let process = state.withLock { $0.process }
        var note: String?
        switch ended.outcome {
        case .answer, .failure: break
        case .ended: note = state.withLock { $0.complaint } ?? "the process ended"
        case .timedOut:
            note = "no answer in time: the process is replaced"
            suspend()
            resume()
        }
        return Invoked(
            outcome: ended.outcome, note: note, microseconds: microseconds, peakMemoryKiB: process?.peakMemoryKiB,
            isColdStart: ended.isColdStart)
    }

    /// Looks whether there is another build than the one that runs, and has settled since the last look.
    func replaceIfBuilt() {
        let newest = Binary.newest(of: function, in: root)
        let isNew = state.withLock { state in
            defer { state.candidate = newest }
            guard let newest, newest != state.binary, newest == state.candidate, !state.isStopping else { return false }
            return true
        }
        guard isNew else { return }
        suspend()
        resume()
    }

    /// Ends the process; what waits stays for the next.
    func suspend() { stopProcess(keepingWork: true) }

    func resume() { state.withLock { startProcess(&$0) } }

    func stop() {
        state.withLock { $0.isStopping = true }
        stopProcess(keepingWork: false)
    }

    private var noBinary: String {
        "there is no executable: " + Binary.candidates(function).joined(separator: " or ")
            + " (swift build or scripts/package makes one)"
    }

    private func stopProcess(keepingWork: Bool) {
        let process = state.withLock { state in
            defer { endProcess(&state, keepingWork: keepingWork) }
            return state.process
        }
        process?.kill()
    }

    private func endProcess(_ state: inout State, keepingWork: Bool) {
        state.process = nil
        state.server?.stop()
        state.server = nil
        api.endProcess(keepingWork: keepingWork)
    }

    private func startProcess(_ state: inout State) {
        guard !state.isStopping else { return }
        guard let binary = Binary.newest(of: function, in: root) else {
            state.complaint = noBinary
            console.line(function.name, noBinary, .problem)
            return
        }
        state.binary = binary
        state.candidate = binary
        let shown = binary.path.hasPrefix(root + "/") ? String(binary.path.dropFirst(root.count + 1)) : binary.path
        guard let server = serveRuntimeAPI() else {
            state.complaint = "the system has no port left to give"
            return
        }
        let lambda = [
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:\(server.port)", "AWS_LAMBDA_FUNCTION_NAME": function.name,
        ]
        do throws(SystemError) {
            let process = try ChildProcess(
                binary.path, environment: settings.merging(lambda) { $1 },
                onLine: { [console, function] in console.logLine(function.name, $0) },
                onEnd: { [weak self] identifier, ending in self?.processEnded(identifier, ending) })
            state.process = process
            state.server = server
            state.complaint = nil
            console.line(function.name, "runs \(shown), process \(process.identifier)", .notice)
        } catch {
            server.stop()
            state.complaint = "\(shown) cannot be started: \(error.reason)"
            console.line(function.name, "\(shown) cannot be started: \(error.reason)", .problem)
        }
    }

    private func serveRuntimeAPI() -> HTTPServer? {
        var limits = HTTPServer.Limits()
        limits.bodyBytes = 8 * 1_048_576
        let number = api.beginProcess()
        let server = try? HTTPServer(port: 0, limits: limits) { [api] in api.reply(to: $0, from: number) }
        if let server { start { server.run() } }
        return server
    }

    private func processEnded(_ identifier: pid_t, _ ending: ChildProcess.Ending) {
        let isCurrent = state.withLock { state in
            guard state.process?.identifier == identifier else { return false }
            state.complaint = "the process \(ending.description)"
            endProcess(&state, keepingWork: false)
            return true
        }
        guard isCurrent else { return }
        console.line(function.name, "\(ending.description); the next invocation starts it again", .problem)
    }
}

/// Starts a thread that nobody waits for.
func start(_ run: @escaping @Sendable () -> Void) {
    guard let thread = Thread(run) else {
        PartnerDev.write("partner-dev: the system has no thread left to give\n", to: STDERR_FILENO)
        exit(1)
    }
    thread.detach()
}
