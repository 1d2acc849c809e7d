import PartnerCore

/// One run of a command: who runs it, and where its rows go.
struct Session: Sendable {
    let command: Command
    let output: Output
    /// Nothing is to be changed.
    let isDryRun: Bool
    /// Who runs it, as they say.
    let user: String
    /// Of this run: on Lambda that of the invocation, by which CloudTrail tells who called.
    let requestID: String
    /// What an import reads: a path, `-` for standard input; on Lambda the member `input` of the event.
    let input: @Sendable (_ path: String) throws(AdminError) -> LineReader
    /// Says how far long work has come, to whoever waits.
    let progress: Progress
    /// Nil: as long as it takes. On Lambda a little before the invocation's end.
    let deadline: Deadline?
    private let trouble = Lock(false)
    private let log: Log

    init(
        _ command: Command, output: Output, isDryRun: Bool, user: String, requestID: String, progress: Progress,
        deadline: Deadline? = nil,
        log: Log, input: @escaping @Sendable (_ path: String) throws(AdminError) -> LineReader
    ) {
        self.command = command
        self.output = output
        self.isDryRun = isDryRun
        self.user = user
        self.requestID = requestID
        self.progress = progress
        self.deadline = deadline
        self.log = log
        self.input = input
    }

    /// For one step of the work: a page, a transaction, a call to a partner.
    func invocation(atMostMilliseconds most: Int = 30_000) -> Invocation {
        let left = deadline.map { min(most, $0.remainingMilliseconds) } ?? most
        return Invocation(requestID: requestID, deadline: .after(milliseconds: left), log: log)
    }

    /// What was asked is done, and rows tell of something that was refused or is wrong.
    func tellOfTrouble() { trouble.withLock { $0 = true } }

    /// Of a command that was done.
    var exitStatus: Int32 { trouble.withLock { $0 } ? AdminError.troubled : 0 }

    private static let reservedMilliseconds = 5000

    /// Whether the work may go on for so long.
    func hasTime(seconds: Int = 0) -> Bool {
        deadline.map { $0.remainingMilliseconds >= seconds * 1000 + Self.reservedMilliseconds } ?? true
    }

    /// For long work, before each step: what is done stands, and another run goes on.
    func checkTime() throws(AdminError) {
        guard !hasTime() else { return }
        throw .incomplete("The time is over before all is done: run it again")
    }

    /// The same for work of several steps that is not the tool's own.
    var longWork: LongWork {
        LongWork(
            step: { invocation() },
            hasTime: { hasTime() },
            tell: { progress.tell($0) })
    }
}
