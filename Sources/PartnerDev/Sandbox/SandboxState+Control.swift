import PartnerCore

extension SandboxState {
    /// The routes for tests and demonstrations. They are not recorded and take no faults.
    mutating func control(_ request: Request, _ sender: WebhookSender) -> Response {
        do throws(SandboxError) {
            switch (request.method, request.path) {
            case ("POST", "/_sandbox/faults"): return try queueFault(request)
            case ("DELETE", "/_sandbox/faults"): faults = []
            case ("GET", "/_sandbox/calls"): return .json(200, ["calls": .array(calls.map { $0.json })])
            case ("DELETE", "/_sandbox/calls"): calls = []
            case ("GET", "/_sandbox/state"): return .json(200, counts)
            case ("POST", "/_sandbox/expire-tokens"): tokens = [:]
            case (_, let path) where path.hasPrefix("/_sandbox/ownerrez"): return try controlOwnerRez(request, sender)
            case ("POST", "/_sandbox/reset"):
                forgetEverything()
                sender.reset()
            default: throw SandboxError(404, "NOT_FOUND", "The sandbox has no such control")
            }
            return Response(status: 204)
        } catch {
            return error.response
        }
    }

    private var counts: JSON {
        [
            "users": .integer(users.count), "rewards": .integer(rewards.count),
            "tokens": .integer(tokens.values.count { $0.expires.remainingMilliseconds > 0 }),
        ]
    }

    private mutating func forgetEverything() {
        let before = callsSoFar
        self = SandboxState(tokenLifetime: tokenLifetime, clock: clock)
        callsSoFar = before
    }
}
