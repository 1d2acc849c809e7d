/// The addresses of host names, kept as long as the name servers say, and beyond that where none of them answers. Any
/// number of threads may share it; one at a time asks for a name, and the others wait for what comes of it.
final class NameResolver: Sendable {
    private struct Name {
        var addresses: [String] = []
        var expires = Instant(nanoseconds: .min)
        var isAsked = false
        /// How many questions have ended.
        var ended = 0
        var failure: HTTPError?
    }

    private struct State {
        var names: [ExactText: Name] = [:]
        /// As they are asked: those that failed come last.
        var servers: [NameServers.Server] = []
    }

    private enum Turn {
        case use([String])
        case fail(HTTPError)
        case ask([NameServers.Server])
    }

    /// Seconds. An entry of /etc/hosts has no lifetime. An answer with one of days could be wrong for days.
    private static let lifetimes = 1...3600
    /// For how long an old answer is taken before the servers are asked again (RFC 8767 section 4).
    private static let staleSeconds = 30

    private let state = Lock(State())
    private let configured: @Sendable () -> [NameServers.Server]
    private let now: @Sendable () -> Instant

    init(
        servers configured: @escaping @Sendable () -> [NameServers.Server] = {
            NameServers.configured()
        },
        now: @escaping @Sendable () -> Instant = { .now() }
    ) {
        self.configured = configured
        self.now = now
    }

    /// As `CURLOPT_RESOLVE` takes them.
    ///
    /// - Parameter oldOnesDo: whether they are not likely to be needed, there being a connection already.
    func addresses(
        of name: String, oldOnesDo: Bool = false, until deadline: Deadline
    ) throws(HTTPError) -> [String] {
        var endedBefore: Int?
        let turn = state.wait(until: deadline) { state -> Turn? in
            var entry = state.names[ExactText(name)] ?? Name()
            if !entry.addresses.isEmpty && (oldOnesDo || entry.expires > now()) {
                return .use(entry.addresses)
            }
            if let before = endedBefore, entry.ended > before, let failure = entry.failure {
                return .fail(failure)
            }
            if entry.isAsked {
                endedBefore = endedBefore ?? entry.ended
                return nil
            }
            entry.isAsked = true
            state.names[ExactText(name)] = entry
            return .ask(ordered(&state))
        }
        switch turn {
        case .use(let addresses): return addresses
        case .fail(let failure): throw failure
        case nil:
            let old = state.withLock { $0.names[ExactText(name)]?.addresses ?? [] }
            if old.isEmpty { throw .namesNotAnswered }
            return old
        case .ask(let servers):
            return try keep(NameLookup(name: name, servers: servers, deadline: deadline).run(), of: name)
        }
    }

    /// The file's order, until one of them fails. When the file has others, it counts anew.
    private func ordered(_ state: inout State) -> [NameServers.Server] {
        let configured = configured()
        let isSame =
            configured.count == state.servers.count
            && configured.allSatisfy { state.servers.contains($0) }
        if !isSame { state.servers = configured }
        return state.servers
    }

    private func keep(_ result: NameLookup.Result, of name: String) throws(HTTPError) -> [String] {
        let now = now()
        let entry = state.withLock { state in
            let isFailed: (NameServers.Server) -> Bool = { result.failed.contains($0) }
            state.servers = state.servers.filter { !isFailed($0) } + state.servers.filter(isFailed)
            var entry = state.names[ExactText(name)] ?? Name()
            entry.isAsked = false
            entry.ended += 1
            entry.failure = nil
            switch result.outcome {
            case .found(let addresses, let seconds):
                entry.addresses = addresses
                let lifetime = min(max(seconds, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
                entry.expires = now.adding(seconds: lifetime)
            case .noSuchName:
                entry.addresses = []
                entry.failure = .hostNotFound
            case .failed, .waiting:
                entry.expires = now.adding(seconds: Self.staleSeconds)
                if entry.addresses.isEmpty { entry.failure = .namesNotAnswered }
            }
            state.names[ExactText(name)] = entry
            return entry
        }
        state.notify()
        if let failure = entry.failure { throw failure }
        return entry.addresses
    }
}
