import PartnerCore

/// What the sandbox remembers. Each area of the API is an extension in a file of its own.
struct SandboxState: Sendable {
    let tokenLifetime: Int
    let clock: @Sendable () -> Timestamp
    var tokens: [String: Token] = [:]
    var users: [User] = []
    /// Oldest first.
    var rewards: [Reward] = []
    var ownerRez: OwnerRezDouble
    var faults: [QueuedFault] = []
    var calls: [Call] = []
    /// Never starts again, so that a call that ends after `reset` is not taken for another.
    var callsSoFar = 0

    /// - Parameter clock: OwnerRez's; Ownli's tokens go by the clock that never jumps.
    init(tokenLifetime: Int, clock: @escaping @Sendable () -> Timestamp) {
        self.tokenLifetime = tokenLifetime
        self.clock = clock
        ownerRez = OwnerRezDouble(clock: clock)
    }

    /// Finds out who asks, checks what they may, and does it.
    mutating func respond(to request: Request, _ route: Endpoint.Match?) -> Response {
        do throws(SandboxError) {
            if route == nil, request.path.hasPrefix("/v2/") { return OwnerRezAPIError.notFound.response }
            guard let route else { throw SandboxError(404, "NOT_FOUND", "There is nothing at this path") }
            try authorize(request, for: route.endpoint.access)
            return try route.endpoint.handle(&self, request, route.parameter)
        } catch {
            return error.response
        }
    }

    /// An id as Ownli's look: a prefix and twelve letters and digits at random.
    static func newID(_ prefix: String) -> String {
        prefix + String((0..<12).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement()! })
    }
}
