import CSystem

/// Serves a function over HTTP: on Cloud Run, or in any container that is told a port.
struct WebService<F: Function>: Sendable {
    let function: F
    let authenticator: Authenticator
    let basePath: BasePath
    let settings: WebSettings
    let log: Log
    private let isFirst = Lock(true)
    private let healthy = Response.json(200, ["status": "ok"])
    let background = Background()

    /// For load balancers and people who look whether the process serves. Neither logged nor counted.
    private static var healthPath: String { "/healthz" }

    /// What work that outlasts its answer gets, at the end, beyond the server's time to drain.
    private static var lastWorkMilliseconds: Int { 300 }

    init(invoker: Invoker<F>, settings: WebSettings, log: Log) {
        function = invoker.function
        authenticator = invoker.authenticator
        basePath = invoker.basePath
        self.settings = settings
        self.log = log
    }

    /// Serves until one of the signals comes, and then until what runs is answered.
    ///
    /// - Returns: whether every request was answered.
    func run(until signals: TerminationSignals) throws(HTTPServerError) -> Bool {
        var limits = HTTPServer.Limits()
        limits.bodyBudget = settings.bodyBudget
        for route in function.routes { limits.bodyBytes = max(limits.bodyBytes, route.bodyLimit) }
        let server = try HTTPServer(
            port: settings.port, on: .all, limits: limits, intake: HTTPServer.Intake(admit: admit, atOnce: health))
        log.write(.info, "serving HTTP", [JSON.Member("port", .integer(server.port))])
        var unfinished = try server.run(until: signals)
        unfinished += background.wait(until: .after(milliseconds: Self.lastWorkMilliseconds))
        defer { log.finish() }
        guard unfinished > 0 else { return true }
        log.write(.error, "stopped before all was done", [JSON.Member("unfinished", .integer(unfinished))])
        return false
    }

    /// Says from a request's head whether it is worth its body.
    func admit(_ head: Request, _ pause: @escaping HTTPServer.Intake.Pause) -> HTTPServer.Intake.Admission {
        let head = basePath.within(head)
        let trace = Trace(head.headers)
        let invocation = Invocation(
            requestID: randomID(), deadline: .after(milliseconds: settings.timeLimitMilliseconds), traceID: trace?.id,
            trace: settings.followsTraces ? trace : nil, isColdStart: takeFirst(), log: log.tracing(trace),
            pause: pause)
        if let response = settings.crossOrigin.preflight(head, function.routes, in: invocation) {
            return .reply(reply(response, to: head, in: invocation))
        }
        do throws(FunctionError) {
            let admitted = try function.admit(head, in: invocation, identify: authenticator.caller)
            return .body(atMost: admitted.route.bodyLimit) { body in
                let response = invocation.response { () throws(FunctionError) in
                    try admitted.respond(to: head.bringing(body.get()), in: invocation)
                }
                return reply(response, to: head, in: invocation)
            }
        } catch {
            return .reply(reply(invocation.response(to: error), to: head, in: invocation))
        }
    }

    private func reply(_ response: Response, to head: Request, in invocation: Invocation) -> HTTPServer.Reply {
        var response = response
        settings.crossOrigin.permit(&response, to: head)
        invocation.conclude("answered", status: response.status)
        return .response(response) {
            if invocation.hasWorkLeft { background.run(invocation.finish) } else { invocation.finish() }
        }
    }

    private func health(_ head: Request) -> HTTPServer.Reply? {
        guard head.path == Self.healthPath else { return nil }
        guard head.method == "GET" || head.method == "HEAD" else {
            return .response(FunctionError.wrongMethod(allowed: ["GET", "HEAD"]).response(requestID: randomID()))
        }
        return .response(healthy)
    }

    private func takeFirst() -> Bool {
        isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
    }
}
