import CSystem
import PartnerCore

/// Runs a command in a shell.
struct Terminal {
    private let environment: Environment

    init(_ environment: Environment) { self.environment = environment }

    /// - Returns: the exit status.
    func run(_ words: [String]) -> Int32 {
        csystem_ignore_broken_pipes()
        switch words.first {
        case nil, "--help", "-h", "help":
            write(Command.overview, to: words.isEmpty ? STDERR_FILENO : STDOUT_FILENO)
            return words.isEmpty ? 2 : 0
        case "--version":
            write("partner-admin \(version)\n", to: STDOUT_FILENO)
            return 0
        default: break
        }
        let isJSON = words.contains("--json")
        do throws(AdminError) {
            let (command, rest) = try Command.find(words)
            let arguments = try Arguments(rest, for: command)
            guard !arguments.isHelpWanted else {
                write(command.help, to: STDOUT_FILENO)
                return 0
            }
            let session = try session(command, arguments)
            try command.work(environment)(arguments, session)
            return session.exitStatus
        } catch {
            // Whoever has closed their end wants to hear no more.
            if error != .outputClosed { write(told(error, isJSON: isJSON), to: STDERR_FILENO) }
            return error.exitStatus
        }
    }

    private func session(_ command: Command, _ arguments: Arguments) throws(AdminError) -> Session {
        guard !(arguments.has("--json") && arguments.has("--csv")) else { throw .usage("--json or --csv, not both") }
        if arguments.has("--csv"), !command.layout.isTable {
            throw .usage("\(command.usage) has no table that could be CSV")
        }
        let user = arguments.option("--by") ?? environment["LOGNAME"] ?? environment["USER"]
        if command.changesData, !arguments.has("--dry-run"), user == nil {
            throw .usage("--by NAME: who runs this is kept in the audit trail")
        }
        let format: Output.Format = arguments.has("--json") ? .json : arguments.has("--csv") ? .csv : .text
        return Session(
            command, output: Output(format, command.layout) { write($0, to: STDOUT_FILENO) },
            isDryRun: arguments.has("--dry-run"), user: user ?? "", requestID: randomID(),
            progress: Progress { text in write(text + "\n", to: STDERR_FILENO) },
            log: Log(level: .warn, format: .text, descriptor: STDERR_FILENO)
        ) { (path) throws(AdminError) in
            guard path != "-" else { return LineReader(descriptor: STDIN_FILENO) }
            let descriptor = csystem_open(path, O_RDONLY | O_CLOEXEC, 0)
            guard descriptor >= 0 else { throw .usage("\(path) cannot be opened") }
            return LineReader(descriptor: descriptor)
        }
    }

    private func told(_ error: AdminError, isJSON: Bool) -> String {
        guard isJSON else { return "partner-admin: \(error.message)\n" }
        let told: JSON = ["error_code": .string(error.code), "error_message": .string(error.message)]
        return String(decoding: told.text, as: UTF8.self) + "\n"
    }
}

@discardableResult
private func write(_ text: String, to descriptor: Int32) -> Bool {
    do throws(SystemError) {
        try writeAll(Array(text.utf8), to: descriptor)
        return true
    } catch {
        return false
    }
}
