/// Asks OwnerRez about connections, one after the other, within the rate budget that all share.
public struct ConnectionCheck: Sendable {
    private let tokens: ConnectionTokens
    private let budget: RateBudget

    public init(reading settings: inout SettingsReader, _ store: RecordStore) {
        let endpoint = OwnerRezTokenEndpoint(reading: &settings)
        // A tool's machine may have another time.
        let now: @Sendable () -> Timestamp = { store.time }
        let connections = Connections(store, TokenSealer(reading: &settings), now: now)
        tokens = ConnectionTokens(store, connections, endpoint, now: now)
        budget = RateBudget(store, reading: &settings)
    }

    /// Whether OwnerRez still takes the connection's token, which is renewed if need be.
    ///
    /// - Returns: nil when nobody has connected this account.
    /// - Throws: 503 `UPSTREAM_BUSY` with `retryAfter` while nothing may be sent.
    public func standing(
        account: Int, in invocation: Invocation
    ) throws(FunctionError) -> OwnerRezConnector.Standing? {
        guard let connection = try tokens.stored(account, nil, in: invocation)?.connection else { return nil }
        do throws(APICallError) { try budget.take(.upkeep, in: invocation) } catch { throw error.functionError }
        return try tokens.isAlive(account: account, of: connection.subject, in: invocation) ? .active : .revoked
    }
}
