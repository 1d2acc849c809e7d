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

    /// - Parameter tokenLifetime: in seconds.
    init(tokenLifetime: Int = 3600) {
        state = Lock(SandboxState(tokenLifetime: tokenLifetime))
    }

    /// Ends what waits for a fault's time to pass.
    func stop() {
        isStopping.withLock { $0 = true }
        isStopping.notify()
    }

    func reply(to request: Request) -> HTTPServer.Reply {
        if request.path.hasPrefix("/_sandbox/") {
            return .response(state.withLock { $0.control(request, sender) })
        }
        let route = Endpoint.matching(request)
        let (call, fault) = state.withLock { state in
            (state.record(request, route: route?.endpoint.name), state.nextFault(for: route?.endpoint.name))
        }
        switch fault {
        case nil: return handle(request, route, call)
        case .answer(let response):
            state.withLock { $0.finish(call, .integer(response.status)) }
            return .response(response)
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

    private func handle(_ request: Request, _ route: Endpoint.Match?, _ call: Int) -> HTTPServer.Reply {
        state.withLock { state in
            let response = state.respond(to: request, route)
            state.finish(call, .integer(response.status))
            return .response(response)
        }
    }

    private func wait(_ milliseconds: Int) {
        _ = isStopping.wait(until: .after(milliseconds: milliseconds)) { $0 ? true : nil }
    }
}
