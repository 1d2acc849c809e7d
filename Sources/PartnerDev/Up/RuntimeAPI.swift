import PartnerCore

/// AWS Lambda's Runtime API for one function's processes, one after the other: hands out invocations one at a time, and
/// takes what becomes of them.
final class RuntimeAPI: Sendable {
    enum Outcome: Sendable, Equatable {
        case answer([UInt8])
        /// What the runtime posted as an error: `{"errorType","errorMessage"}`.
        case failure([UInt8])
        /// The process ended meanwhile.
        case ended
        case timedOut
    }

    struct Ended: Sendable {
        let outcome: Outcome
        /// Whether it was the process's first invocation.
        let isColdStart: Bool
    }

    /// The platform's own limit on how long an HTTP API waits, in milliseconds.
    private static let patience = 30_000
    private static let base = "/2018-06-01/runtime"

    private struct Job {
        let requestID: String
        let event: [UInt8]
        let cause: Int?
    }

    private struct State {
        var waiting: [Job] = []
        var running: Job?
        /// That of the invocation handed out last: what a process does after its answer still belongs to it.
        var cause: Int?
        var isColdStart = true
        var outcomes: [String: Ended] = [:]
        /// Which process is meant: one that has ended may have left its request for the next invocation behind.
        var process = 0
    }

    private let state = Lock(State())
    private let timeoutMilliseconds: Int

    /// - Parameter timeoutSeconds: as Lambda has it, 15 minutes at most.
    init(timeoutSeconds: Int) { timeoutMilliseconds = min(timeoutSeconds, 900) * 1000 }

    /// The call that the function works on, or has answered last: its own calls are made for that one. Nil before the
    /// process's first.
    var cause: Int? { state.withLock { $0.cause } }

    /// Waits until the function has dealt with an event.
    func invoke(_ event: [UInt8], cause: Int?) -> Ended {
        let job = Job(requestID: newID(), event: event, cause: cause)
        state.withLock { $0.waiting.append(job) }
        state.notify()
        let deadline = Deadline.after(milliseconds: min(Self.patience, timeoutMilliseconds))
        return state.wait(until: deadline) { $0.outcomes.removeValue(forKey: job.requestID) }
            ?? state.withLock { state in
                state.waiting.removeAll { $0.requestID == job.requestID }
                if state.running?.requestID == job.requestID { state.running = nil }
                return Ended(outcome: .timedOut, isColdStart: state.isColdStart)
            }
    }

    /// A process is about to start.
    ///
    /// - Returns: its number, which its requests come with.
    func beginProcess() -> Int {
        state.withLock { state in
            state.isColdStart = true
            state.cause = nil
            return state.process
        }
    }

    /// The process is gone, or about to be.
    ///
    /// - Parameter keepingWork: whether waiting invocations are left to the next process.
    func endProcess(keepingWork: Bool) {
        state.withLock { state in
            state.process += 1
            var lost = state.running.map { [$0] } ?? []
            if !keepingWork {
                lost += state.waiting
                state.waiting = []
            }
            for job in lost { state.outcomes[job.requestID] = Ended(outcome: .ended, isColdStart: state.isColdStart) }
            state.running = nil
        }
        state.notify()
    }

    func reply(to request: Request, from process: Int) -> HTTPServer.Reply {
        guard request.path.hasPrefix(Self.base + "/") else { return .response(Response(status: 404)) }
        let parts = request.path.dropFirst(Self.base.count + 1).split(separator: "/").map(String.init)
        switch (request.method, parts.count, parts.first, parts.last) {
        case ("GET", 2, "invocation", "next"): return next(for: process)
        case ("POST", 3, "invocation", "response"): return finish(parts[1], .answer(request.body))
        case ("POST", 3, "invocation", "error"): return finish(parts[1], .failure(request.body))
        case ("POST", 2, "init", "error"): return .response(Self.accepted)
        default: return .response(Response(status: 404))
        }
    }

    /// `GET /runtime/invocation/next`: answered once there is something to do.
    private func next(for process: Int) -> HTTPServer.Reply {
        while true {
            let reply: HTTPServer.Reply? = state.wait(until: .after(milliseconds: 60_000)) { state in
                guard state.process == process else { return .close }
                guard state.running == nil, !state.waiting.isEmpty else { return nil }
                let job = state.waiting.removeFirst()
                state.running = job
                state.cause = job.cause
                return .response(handOut(job))
            }
            if let reply { return reply }
        }
    }

    private func handOut(_ job: Job) -> Response {
        let deadline = Timestamp.now().epochMilliseconds + timeoutMilliseconds
        return Response(
            status: 200,
            headers: [
                "Content-Type": "application/json", "Lambda-Runtime-Aws-Request-Id": job.requestID,
                "Lambda-Runtime-Deadline-Ms": "\(deadline)",
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:development",
            ], body: job.event)
    }

    private func finish(_ requestID: String, _ outcome: Outcome) -> HTTPServer.Reply {
        let isKnown = state.withLock { state in
            guard state.running?.requestID == requestID else { return false }
            state.outcomes[requestID] = Ended(outcome: outcome, isColdStart: state.isColdStart)
            state.running = nil
            state.isColdStart = false
            return true
        }
        state.notify()
        return .response(isKnown ? Self.accepted : .json(400, ["errorType": "InvalidRequestID"]))
    }

    private static let accepted = Response.json(202, ["status": "OK"])
}
