/// Connects OwnerRez accounts with our users, and keeps what is connected usable.
public struct OwnerRezConnector: Sendable {
    public let states: AuthorizationStates
    let oauth: OwnerRezOAuth
    let store: RecordStore
    let connections: Connections
    let tokens: ConnectionTokens
    let disconnections: Disconnections
    private let upkeep: SubscriptionUpkeep
    private let now: @Sendable () -> Timestamp

    public init(reading settings: inout SettingsReader) {
        oauth = OwnerRezOAuth(reading: &settings)
        store = RecordStore(reading: &settings)
        connections = Connections(store, TokenSealer(reading: &settings))
        states = AuthorizationStates(store, of: oauth)
        tokens = ConnectionTokens(store, connections, oauth.endpoint)
        upkeep = SubscriptionUpkeep(reading: &settings, store, tokens)
        disconnections = Disconnections(tokens, upkeep)
        now = { .now() }
    }

    public var probes: [Probe] {
        [Probe("OwnerRez accepts the client id and secret", checkClient), store.probe]
    }

    public var preparations: [Preparation] { store.preparations }

    /// Begins a flow: where the person is to be sent, and the cookie for their browser.
    public func begin(
        subject: String, returnPath: String, in invocation: Invocation
    ) throws(FunctionError) -> (authorizationURL: String, setCookie: String) {
        let (state, setCookie) = try storing { () throws(StoreError) in
            try states.begin(subject: subject, returnPath: returnPath, in: invocation)
        }
        return (oauth.authorizationURL(state: state), setCookie)
    }

    /// Exchanges the code of a flow whose state has been used up, and stores what comes of it. Whatever fails after a
    /// token was given revokes that token: nothing is left that nobody knows of.
    public func connect(
        code: String, for pending: PendingAuthorization, in invocation: Invocation
    ) throws(FunctionError) -> Connection {
        let startedAt = now()
        let grant: OwnerRezGrant
        do throws(OwnerRezError) { grant = try oauth.exchange(code: code, in: invocation) } catch {
            throw error.functionError.startAgain
        }
        let connection = Connection(subject: pending.subject, account: grant.account, connectedAt: startedAt)
        let outcome: Connections.Outcome
        do throws(StoreError) {
            outcome = try connections.save(connection, grant.tokens, in: invocation)
        } catch {
            oauth.endpoint.revokeOrTell(grant.tokens, in: invocation)
            throw error.functionError.startAgain
        }
        switch outcome {
        case .saved(let replaced):
            // OwnerRez might give the same token again.
            if let replaced { oauth.endpoint.revokeOrTell(replaced, except: grant.tokens, in: invocation) }
        case .belongsToAnother(let standing):
            oauth.endpoint.revokeOrTell(grant.tokens, except: standing, in: invocation)
            throw FunctionError(
                409, "ALREADY_CONNECTED", "This OwnerRez account is connected to another user of ours")
        }
        try checkNotRevoked(connection, in: invocation)
        invocation.count("Connected")
        invocation.afterwards { upkeep.subscribe(connection, in: invocation) }
        return connection
    }

    /// The person may have revoked already: then OwnerRez's word came before there was anything to remove. Whether it
    /// was of this token only OwnerRez knows.
    private func checkNotRevoked(
        _ connection: Connection, in invocation: Invocation
    ) throws(FunctionError) {
        let account = connection.account.id
        let revokedAt = try storing { () throws(StoreError) in
            try connections.lastRevocation(of: account, in: invocation)
        }
        guard let revokedAt, revokedAt >= connection.connectedAt,
            try !tokens.isAlive(account: account, of: connection.subject, in: invocation)
        else { return }
        try storing { () throws(StoreError) in
            guard let stored = try connections.stored(account: account, in: invocation),
                stored.connection.isSame(as: connection)
            else { return }
            if let tokens = try? stored.tokens.get() { oauth.endpoint.revokeOrTell(tokens, in: invocation) }
            try connections.remove(stored, .revoked, in: invocation)
        }
        throw FunctionError(409, "CONNECTION_REVOKED", "The connection was revoked at OwnerRez meanwhile")
    }

    /// A code that nobody has issued is refused as such, unless the client is refused first.
    private func checkClient(_ invocation: Invocation) throws(FunctionError) {
        do throws(OwnerRezError) { _ = try oauth.exchange(code: "check", in: invocation) } catch {
            guard error != .grantRefused else { return }
            throw error.functionError
        }
    }
}

/// Does what may fail at OwnerRez; a failure becomes what callers get to see.
func asking<Result>(_ work: () throws(OwnerRezError) -> Result) throws(FunctionError) -> Result {
    do throws(OwnerRezError) { return try work() } catch { throw error.functionError }
}

extension FunctionError {
    /// The code and the state are used up: to send the same request again is of no use.
    fileprivate var startAgain: FunctionError {
        FunctionError(
            status, code, "The account was not connected: start again", detail: detail ?? message,
            isTransient: false)
    }
}
