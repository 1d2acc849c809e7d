import PartnerCore

/// The tool as a Lambda, for those who have no access to the table from where they sit. Whoever may invoke it may do all
/// that the tool can; its answers hold people's data, its log does not.
///
///     {"command": ["users", "show", "user-42"], "by": "ada", "input": ".."}
///     {"rows": [{..}], "summary": {..}, "exitStatus": 0}
struct AdminFunction: Function {
    static let about = About(
        name: "partner-admin", summary: "the operator's tool: users, connections, events and rewards",
        directInputHas: ["command"])

    private let environment = Environment.process
    private let store: RecordStore

    init(reading settings: inout SettingsReader) {
        settings.storeHasToExist = true
        store = RecordStore(reading: &settings)
    }

    var routes: [Route] { [] }
    var probes: [Probe] { [store.probe] }

    /// Lambda takes 6 MB.
    private static let largestAnswer = 5_000_000

    func process(_ input: JSON, from origin: Origin, in invocation: Invocation) throws(FunctionError) -> JSON {
        guard origin.way == .direct else {
            throw .invalid("INVALID_EVENT", "\(Self.about.name) takes direct invocations only")
        }
        let words = input["command"]?.array?.map { $0.string }
        guard let words, !words.isEmpty, !words.contains(nil) else {
            throw .parameter("command", #"a list of words, like ["users", "show", "user-42"]"#)
        }
        let rows = Lock<[JSON]>([])
        let status: Int
        do throws(AdminError) {
            let (command, rest) = try Command.find(words.compactMap { $0 })
            let arguments = try Arguments(rest, for: command)
            guard !arguments.isHelpWanted else { return ["help": .string(command.help)] }
            guard !arguments.has("--csv"), !arguments.has("--by") else {
                throw .usage("rows are JSON here, and who runs it is the event's member by")
            }
            let user = input["by"]?.string
            if command.changesData, user?.isEmpty != false {
                throw .usage("by: who runs this is kept in the audit trail")
            }
            let session = session(command, arguments, user ?? "", input["input"]?.string, rows, invocation)
            try command.work(environment)(arguments, session)
            status = Int(session.exitStatus)
        } catch {
            throw error.functionError
        }
        var answer: JSON = ["rows": .array(rows.withLock { $0.filter { $0["summary"] == nil } })]
        answer.add("summary", rows.withLock { $0.last?["summary"] })
        answer.add("exitStatus", .integer(status))
        return answer
    }

    private func session(
        _ command: Command, _ arguments: Arguments, _ user: String, _ text: String?, _ rows: Lock<[JSON]>,
        _ invocation: Invocation
    ) -> Session {
        let size = Lock(0)
        let begun = Lock("")
        let output = Output(.json, command.layout) { piece in
            guard
                size.withLock({ size in
                    size += piece.utf8.count
                    return size <= Self.largestAnswer
                })
            else { return false }
            // A line may come in pieces.
            let line = begun.withLock { begun in
                begun += piece
                guard begun.hasSuffix("\n") else { return "" }
                defer { begun = "" }
                return begun
            }
            guard !line.isEmpty else { return true }
            guard let row = try? JSON.parse(Array(line.utf8)) else { return false }
            rows.withLock { $0.append(row) }
            return true
        }
        return Session(
            command, output: output, isDryRun: arguments.has("--dry-run"), user: user, requestID: invocation.requestID,
            progress: Progress { _ in }, deadline: invocation.deadline, log: invocation.log
        ) { (_) throws(AdminError) in
            guard let text else { throw .usage("input: the event has no such text") }
            return LineReader(text: text)
        }
    }
}
