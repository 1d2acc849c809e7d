/// What a function runs in: how it was called, when it must be done, and what it has done so far. Threads that work on one
/// invocation (a batch) share it.
public final class Invocation: Sendable {
    public let requestID: String
    public let deadline: Deadline
    public let traceID: String?
    /// What upstreams are told of the trace. Nil where traces are not followed.
    let trace: Trace?
    /// Whether the calls to them are spans that somebody is told of.
    let recordsSpans: Bool
    /// What the caller of a direct invocation says of itself; nothing that anybody has verified.
    public let clientContext: JSON?
    /// Whether this process handles its first invocation.
    public let isColdStart: Bool
    /// Whether nobody has asked for it: it makes ready what the first request will need. What fails in it is not to be
    /// anybody else's failure.
    let isPreparation: Bool
    public let log: Log
    /// Waits for so many milliseconds before a refusal is told, or for less where others need the room.
    let pause: @Sendable (_ milliseconds: Int) -> Void
    let started = Instant.now()
    let record = Lock(Record())

    /// A call to the outside, without ids, queries or bodies: `POST /api/rewards/grant`.
    struct Call: Sendable {
        let name: String
        /// The answer's status, or why there is none.
        let outcome: String
        let microseconds: Int
        var span: Span?
    }

    struct Count: Sendable {
        let name: String
        var count: Int
        var isSeconds = false
    }

    /// What has been done so far, for the line in the log and the metrics.
    struct Record: Sendable {
        var route: String?
        var calls: [Call] = []
        var retries = 0
        var notes: [JSON.Member] = []
        var counts: [Count] = []
        var conclusion: Conclusion?
        var afterwards: [@Sendable () -> Void] = []
    }

    struct Conclusion: Sendable {
        let outcome: String
        let status: Int?
        let microseconds: Int
    }

    public convenience init(
        requestID: String, deadline: Deadline, traceID: String? = nil, clientContext: JSON? = nil,
        isColdStart: Bool = false, log: Log,
        pause: @escaping @Sendable (_ milliseconds: Int) -> Void = { sleep(milliseconds: $0) }
    ) {
        self.init(
            requestID: requestID, deadline: deadline, traceID: traceID, trace: nil, clientContext: clientContext,
            isColdStart: isColdStart, log: log, pause: pause)
    }

    /// - Parameter trace: in which upstreams are called.
    init(
        requestID: String, deadline: Deadline, traceID: String?, trace: Trace?, recordsSpans: Bool = false,
        clientContext: JSON? = nil, isColdStart: Bool, isPreparation: Bool = false, log: Log,
        pause: @escaping @Sendable (_ milliseconds: Int) -> Void = { sleep(milliseconds: $0) }
    ) {
        self.requestID = requestID
        self.deadline = deadline
        self.traceID = traceID
        self.trace = trace
        self.recordsSpans = recordsSpans
        self.clientContext = clientContext
        self.isColdStart = isColdStart
        self.isPreparation = isPreparation
        self.log = log
        self.pause = pause
    }

    var route: String? {
        get { record.withLock { $0.route } }
        set { record.withLock { $0.route = newValue } }
    }

    func add(_ call: Call) { record.withLock { $0.calls.append(call) } }
    func addRetry() { record.withLock { $0.retries += 1 } }

    /// A figure for the metrics, in CloudWatch's manner: `Grants`. A count of 0 is told too.
    public func count(_ name: String, by count: Int = 1) {
        record.withLock { record in
            if let index = record.counts.firstIndex(where: { $0.name == name }) {
                record.counts[index].count += count
            } else {
                record.counts.append(Count(name: name, count: count))
            }
        }
    }

    /// A length of time for the metrics, in seconds: the longest that the invocation has seen.
    public func reach(_ name: String, seconds: Int) {
        record.withLock { record in
            if let index = record.counts.firstIndex(where: { $0.name == name }) {
                record.counts[index].count = max(record.counts[index].count, seconds)
            } else {
                record.counts.append(Count(name: name, count: seconds, isSeconds: true))
            }
        }
    }

    /// A fact for the invocation's line in the log: `tokenCacheHit`. The last word on a name stands.
    public func note(_ name: String, _ value: JSON) {
        record.withLock { record in
            record.notes.removeAll { $0.name == name }
            record.notes.append(JSON.Member(name, value))
        }
    }

    /// Work that nobody has to wait for: it is done once the answer is on its way, if the process lives that long.
    public func afterwards(_ work: @escaping @Sendable () -> Void) {
        record.withLock { $0.afterwards.append(work) }
    }

    var hasWorkLeft: Bool { record.withLock { !$0.afterwards.isEmpty } }

    /// Does what was put off.
    func workOff() {
        let works = record.withLock { record in
            defer { record.afterwards = [] }  // they hold on to this invocation
            return record.afterwards
        }
        for work in works { work() }
    }

    /// Keeps what became of it, and how long that took.
    func conclude(_ outcome: String, status: Int? = nil) {
        let conclusion = Conclusion(outcome: outcome, status: status, microseconds: started.elapsedMicroseconds)
        record.withLock { $0.conclusion = conclusion }
    }
}
