import CSystem

/// Serves a function on AWS Lambda's custom runtime protocol.
struct LambdaRuntime<F: Function>: Sendable {
    let invoker: Invoker<F>
    let address: String
    let log: Log
    /// Nil when they are switched off.
    let metrics: Metrics?
    /// Nil when traces are not followed.
    let xRay: XRay?
    /// AWS_LAMBDA_MAX_CONCURRENCY (Managed Instances); 1 elsewhere.
    let pollers: Int
    private let isFirst = Lock(true)

    init(
        invoker: Invoker<F>, address: String, log: Log, metrics: Metrics?, xRay: XRay? = nil, environment: Environment
    ) {
        self.invoker = invoker
        self.address = address
        self.log = log
        self.metrics = metrics
        self.xRay = xRay
        pollers = max(1, min(1000, environment["AWS_LAMBDA_MAX_CONCURRENCY"].flatMap { Int($0) } ?? 1))
    }

    /// Polls until the API hands out no more; then the process has to end, with a failure.
    func run() {
        // What is made ready meanwhile then leaves its memory to the invocations.
        if pollers == 1 { csystem_limit_arenas(1) }
        for _ in 1..<pollers {
            // One poller's end is the end of all.
            let thread = Thread {
                poll()
                exit(1)
            }
            if let thread { thread.detach() } else { log.write(.error, "no thread for another poller") }
        }
        poll(whenIdleFirst: { Readiness(of: invoker, log: log).begin() })
    }

    /// - Parameter whenIdleFirst: is called when there is no invocation at once.
    private func poll(whenIdleFirst: (() -> Void)? = nil) {
        let api = LambdaAPI(address: address)
        var whenIdle = whenIdleFirst
        while let next = next(from: api, whenIdle) {
            whenIdle = nil
            if pollers == 1 { setTrace(next.traceID) }
            let parent = xRay == nil ? nil : next.traceID.flatMap { Trace(xRay: $0) }
            guard let invocation = invocation(of: next, in: parent) else {
                let failure = Invoker<F>.Failure(
                    type: "Runtime.InvalidDeadline", message: "Lambda-Runtime-Deadline-Ms is no number")
                log.write(.error, failure.message, requestID: next.requestID)
                if post(.failure(failure), for: next.requestID, to: api) { continue } else { break }
            }
            let goesOn = post(invoker.invoke(next.event, in: invocation), for: next.requestID, to: api)
            // The platform counts the invocation as running, and freezes nothing, until the next one is asked for.
            invocation.finish(with: metrics)
            if let parent { xRay?.write(invocation, under: parent) }
            guard goesOn else { break }
        }
    }

    private func next(from api: LambdaAPI, _ whenIdle: (() -> Void)?) -> LambdaAPI.Next? {
        do throws(LambdaAPIError) { return try api.next(whenIdle: whenIdle) } catch {
            log.write(.fatal, "the Runtime API hands out no more invocations: \(error.description)")
            return nil
        }
    }

    /// Nil when its deadline does not parse.
    ///
    /// - Parameter parent: Lambda's segment. Ours, under it, is made when X-Ray keeps the trace.
    private func invocation(of next: LambdaAPI.Next, in parent: Trace?) -> Invocation? {
        guard let deadline = deadline(next.deadline) else { return nil }
        let isColdStart = isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
        return Invocation(
            requestID: next.requestID, deadline: deadline, traceID: next.traceID,
            trace: parent.map { $0.isSampled ? $0.inNewSpan() : $0 }, recordsSpans: parent?.isSampled ?? false,
            clientContext: next.clientContext.flatMap { try? JSON.parse(Array($0.utf8)) }, isColdStart: isColdStart,
            log: log)
    }

    /// Nil when it does not parse. Without one the longest time-out that Lambda has is assumed, 15 minutes.
    private func deadline(_ text: String?) -> Deadline? {
        guard let text else { return .after(milliseconds: 900_000) }
        guard let epochMilliseconds = Int(text), (0...1 << 53).contains(epochMilliseconds) else { return nil }
        return .after(milliseconds: epochMilliseconds - Timestamp.now().epochMilliseconds)
    }

    /// The X-Ray SDKs' way to hand a trace on; the environment is one for all threads.
    private func setTrace(_ traceID: String?) {
        let name = "_X_AMZN_TRACE_ID"
        if let traceID { setenv(name, traceID, 1) } else { unsetenv(name) }
    }

    /// - Returns: whether to go on.
    private func post(_ outcome: Invoker<F>.Outcome, for requestID: String, to api: LambdaAPI) -> Bool {
        let status =
            switch outcome {
            case .answer(let answer): api.respond(answer, to: requestID)
            case .failure(let failure): api.fail(type: failure.type, message: failure.message, for: requestID)
            }
        switch status {
        case 202: return true
        case 500:
            log.write(.fatal, "the Runtime API failed", requestID: requestID)
            return false
        case 413:
            // The platform has recorded the failure already; another post would be refused.
            log.write(.error, "the answer was too large for the Runtime API", requestID: requestID)
        case let status?:
            log.write(.error, "the Runtime API answered \(status)", requestID: requestID)
        case nil:
            log.write(.error, "the Runtime API took no answer", requestID: requestID)
        }
        return true
    }
}
