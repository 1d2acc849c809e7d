import PartnerCore

/// Every call that crosses the wire, as the page shows it. The last ones only: this runs for days.
final class Wire: Sendable {
    private static let most = 400

    private struct State: Sendable {
        var exchanges: [Exchange] = []
        var soFar = 0
        var revision = 0
        var mask = Mask()
    }

    private let state = Lock(State())

    /// A call that is under way.
    struct Started: Sendable {
        let number: Int
        fileprivate let instant: Instant
    }

    /// - Parameter scope: of the token, where it is known; else the token that comes along tells.
    func begin(
        _ caller: String, _ callee: String, _ request: Request, scope: String? = nil, cause: Int? = nil
    ) -> Started {
        state.withLock { state in
            state.soFar += 1
            state.revision += 1
            let mask = state.mask
            state.exchanges.append(
                Exchange(
                    number: state.soFar, cause: cause, caller: caller, callee: callee, method: request.method,
                    path: mask.masked(path: request.path, query: request.query), began: .now(),
                    request: Exchange.Content(
                        headers: mask.masked(request.headers),
                        body: mask.masked(body: request.body, type: request.headers["Content-Type"])),
                    scope: scope ?? mask.scope(of: request.headers), revision: state.revision))
            if state.exchanges.count > Self.most { state.exchanges.removeFirst() }
            return Started(number: state.soFar, instant: .now())
        }
    }

    /// - Parameter invoked: what else is known when the callee is a function.
    func end(
        _ started: Started, _ response: Response?, note: String? = nil, invoked: FunctionHost.Invoked? = nil
    ) {
        let microseconds = invoked?.microseconds ?? started.instant.elapsedMicroseconds
        let body = response?.body ?? []
        state.withLock { state in
            let scope = state.mask.learn(try? JSON.parse(body, duplicates: .lastWins))
            guard let index = state.exchanges.lastIndex(where: { $0.number == started.number }) else { return }
            let mask = state.mask
            state.revision += 1
            state.exchanges[index].revision = state.revision
            state.exchanges[index].scope = state.exchanges[index].scope ?? scope
            state.exchanges[index].answer = Exchange.Answer(
                status: response?.status, note: note, microseconds: microseconds,
                peakMemoryKiB: invoked?.peakMemoryKiB, isColdStart: invoked?.isColdStart ?? false,
                content: Exchange.Content(
                    headers: mask.masked(response?.headers ?? Headers()),
                    body: mask.masked(body: body, type: response?.headers["Content-Type"])))
        }
    }

    /// The calls that began or changed after a revision: `{"revision":7,"calls":[..]}`.
    func changes(after revision: Int) -> JSON {
        state.withLock { state in
            [
                "revision": .integer(state.revision),
                "calls": .array(state.exchanges.filter { $0.revision > revision }.map { $0.json }),
            ]
        }
    }

    func forget() {
        state.withLock { state in
            state.exchanges = []
            state.revision += 1
        }
    }
}
