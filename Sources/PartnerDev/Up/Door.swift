import PartnerCore

/// A caller's own way to the partners and to the company's server, so that the wire knows who calls.
struct Door: Sendable {
    let caller: String
    let wire: Wire
    let upstream: @Sendable (Request) -> HTTPServer.Reply
    /// The call that a call through this door is made for.
    var cause: @Sendable () -> Int? = { nil }

    func reply(to request: Request) -> HTTPServer.Reply {
        let started = wire.begin(caller, Self.partner(request), request, cause: cause())
        let reply = upstream(request)
        switch reply {
        case .response(let response, _): wire.end(started, response)
        case .reset: wire.end(started, nil, note: "the connection was reset")
        case .close: wire.end(started, nil, note: "the connection was closed without an answer")
        }
        return reply
    }

    private static func partner(_ request: Request) -> String {
        if request.path == EventStream.path { return BackOffice.name }
        return request.path.hasPrefix("/api/") ? "Ownli" : "OwnerRez"
    }
}
