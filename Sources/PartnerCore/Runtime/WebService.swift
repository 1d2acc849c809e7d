import CSystem

/// Serves a function over HTTP: on Cloud Run, or in any container that is told a port.
struct WebService<F: Function>: Sendable {
    let function: F
    let authenticator: Authenticator
    let settings: WebSettings
    let log: Log
    private let isFirst = Lock(true)
    let background = Background()

    /// For load balancers and people who look whether the process serves. Neither logged nor counted.
    private static var healthPath: String { "/healthz" }

    /// What work that outlasts its answer gets, at the end, beyond the server's time to drain.
    private static var lastWorkMilliseconds: Int { 300 }

    init(invoker: Invoker<F>, settings: WebSettings, log: Log) {
        function = invoker.function
        authenticator = invoker.authenticator
        self.settings = settings
        self.log = log
    }

    /// Serves until SIGTERM or SIGINT, and then until what runs is answered.
    ///
    /// - Returns: whether every request was answered.
    func run() throws(HTTPServerError) -> Bool {
        let signals = TerminationSignals()
        let server = try HTTPServer(port: settings.port, on: .all) { reply(to: $0) }
        log.write(.info, "serving HTTP", [JSON.Member("port", .integer(server.port))])
        var unfinished = server.run(until: signals)
        unfinished += background.wait(until: .after(milliseconds: Self.lastWorkMilliseconds))
        guard unfinished > 0 else { return true }
        log.write(.error, "stopped before all was done", [JSON.Member("unfinished", .integer(unfinished))])
        return false
    }

    func reply(to request: Request) -> HTTPServer.Reply {
        if request.path == Self.healthPath { return .response(health(request)) }
        let trace = Trace(request.headers)
        let invocation = Invocation(
            requestID: randomID(), deadline: .after(milliseconds: settings.timeLimitMilliseconds), traceID: trace?.id,
            isColdStart: takeFirst(), log: log.tracing(trace))
        var response =
            settings.crossOrigin.preflight(request, function.routes, in: invocation)
            ?? function.respond(to: request, in: invocation, identify: authenticator.caller)
        settings.crossOrigin.permit(&response, to: request)
        invocation.conclude("answered", status: response.status)
        return .response(response) {
            if invocation.hasWorkLeft { background.run(invocation.finish) } else { invocation.finish() }
        }
    }

    private func health(_ request: Request) -> Response {
        guard ["GET", "HEAD"].contains(request.method) else {
            return FunctionError.wrongMethod(allowed: ["GET", "HEAD"]).response(requestID: randomID())
        }
        return .json(200, ["status": "ok"])
    }

    private func takeFirst() -> Bool {
        isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
    }
}
