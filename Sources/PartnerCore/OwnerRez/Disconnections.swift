/// Ends connections: at OwnerRez first, and then here.
public struct Disconnections: Sendable {
    let connections: Connections
    private let tokens: ConnectionTokens
    private let upkeep: SubscriptionUpkeep

    /// For a tool, which connects nobody, and whose machine's clock may be wrong.
    public init(reading settings: inout SettingsReader, _ store: RecordStore) {
        let endpoint = OwnerRezTokenEndpoint(reading: &settings)
        let now: @Sendable () -> Timestamp = { store.time }
        let connections = Connections(store, TokenSealer(reading: &settings), now: now)
        let tokens = ConnectionTokens(store, connections, endpoint, now: now)
        self.init(tokens, SubscriptionUpkeep(reading: &settings, store, tokens))
    }

    /// Nil where the company has no app at OwnerRez.
    public static func ifConfigured(reading settings: inout SettingsReader, _ store: RecordStore) -> Disconnections? {
        let id = settings.optionalText(
            "OWNERREZ_CLIENT_ID", "of your OwnerRez app; without it no other setting of OwnerRez's is read")
        guard id != nil || settings.isDescribing else { return nil }
        return Disconnections(reading: &settings, store)
    }

    init(_ tokens: ConnectionTokens, _ upkeep: SubscriptionUpkeep) {
        connections = tokens.connections
        self.tokens = tokens
        self.upkeep = upkeep
    }

    /// Removes our subscriptions and revokes at OwnerRez, then forgets here. When OwnerRez cannot be told, the connection
    /// stays.
    ///
    /// - Returns: false when the user has no such connection.
    public func disconnect(
        account: Int, subject: String, in invocation: Invocation
    ) throws(FunctionError) -> Bool {
        guard let connection = try tokens.stored(account, subject, in: invocation)?.connection else { return false }
        try tellOwnerRez(connection, in: invocation)
        try storing { () throws(StoreError) in
            try connections.remove(connection, .disconnected, in: invocation)
        }
        invocation.count("Disconnected")
        return true
    }

    /// Removes our subscriptions and revokes the tokens. A repeat finds nothing to do there.
    func tellOwnerRez(_ connection: Connection, in invocation: Invocation) throws(FunctionError) {
        try upkeep.unsubscribe(connection, in: invocation)
        // Renewed before: OwnerRez might not know an expired token any more, while its other half is alive.
        let usable = try tokens.usable(account: connection.account.id, of: connection.subject, in: invocation)
        guard let usable else { return }
        try asking { () throws(OwnerRezError) in try tokens.endpoint.revoke(usable.tokens, in: invocation) }
    }
}
