import PartnerCore

/// A double of Ownli's API, and of OwnerRez's on the same port. It is as strict as they are documented to be, and
/// stricter where the documents are silent about what we send: what it lets pass is what we may send.
final class Sandbox: Sendable {
    static let clientID = "sandbox-client"
    static let clientSecret = "sandbox-secret"
    static let partnerID = "sandbox-partner"

    private let state: Lock<SandboxState>
    private let sender = WebhookSender()
    private let isStopping = Lock(false)

    /// - Parameters:
    ///   - tokenLifetime: in seconds.
    ///   - clock: OwnerRez's.
    init(tokenLifetime: Int = 3600, clock: @escaping @Sendable () -> Timestamp = { .now() }) {
        state = Lock(SandboxState(tokenLifetime: tokenLifetime, clock: clock))
    }

    /// For the answers' `Date`.
    var now: Timestamp { state.withLock { $0.ownerRez.now } }

    /// Ends what waits for a fault's time to pass.
    func stop() {
        isStopping.withLock { $0 = true }
        isStopping.notify()
    }

    func reply(to request: Request) -> HTTPServer.Reply {
        defer { sendEvents() }
        if request.path.hasPrefix("/_sandbox/") {
            return .response(state.withLock { $0.control(request, sender) })
        }
        let route = Endpoint.matching(request)
        let (call, isAdmitted, fault) = state.withLock { state in
            let name = route?.endpoint.name
            let account = state.ownerRez.account(of: request)?.id
            return (
                state.record(request, route: name), state.ownerRez.admits(request, route: name),
                state.nextFault(for: name, of: account)
            )
        }
        guard isAdmitted else { return answer(OwnerRezAPIError.rateLimited, call) }
        switch fault {
        case nil: return handle(request, route, call)
        case .answer(let response): return answer(response, call)
        case .page(let fault): return handle(request, route, call, fault)
        case .delay(let milliseconds):
            wait(milliseconds)
            return handle(request, route, call)
        case .silence(let milliseconds):
            state.withLock { $0.finish(call, "silence") }
            wait(milliseconds)
            return .close
        case .reset:
            state.withLock { $0.finish(call, "reset") }
            return .reset
        case .drop(let milliseconds):
            _ = handle(request, route, call)
            state.withLock { $0.finish(call, "drop") }
            wait(milliseconds)
            return .close
        }
    }

    private func answer(_ response: Response, _ call: Int) -> HTTPServer.Reply {
        state.withLock { $0.finish(call, .integer(response.status)) }
        return .response(response)
    }

    private func handle(
        _ request: Request, _ route: Endpoint.Match?, _ call: Int, _ fault: PageFault? = nil
    ) -> HTTPServer.Reply {
        state.withLock { state in
            let response = state.respond(to: request, route)
            state.finish(call, .integer(response.status))
            state.ownerRez.performLater(route?.endpoint.name)
            return .response(fault?.altering(response, to: request) ?? response)
        }
    }

    /// What OwnerRez has to tell since the last call.
    private func sendEvents() {
        let (events, revived) = state.withLock { state in
            defer {
                state.ownerRez.outbox = []
                state.ownerRez.revived = []
            }
            return (state.ownerRez.outbox, state.ownerRez.revived)
        }
        sender.revive(revived)
        if !events.isEmpty { sender.send(events) }
    }

    private func wait(_ milliseconds: Int) {
        _ = isStopping.wait(until: .after(milliseconds: milliseconds)) { $0 ? true : nil }
    }
}
