/// What happens when OwnerRez says that an account has disconnected our app. Anybody who has the webhook's credentials
/// could say so, and OwnerRez says it late and twice: the tokens themselves decide.
public struct Revocations: Sendable {
    private let tokens: ConnectionTokens

    public init(_ tokens: ConnectionTokens) {
        self.tokens = tokens
    }

    var connections: Connections { tokens.connections }

    /// Removes the account's connection, unless it was made after the revocation, or OwnerRez still takes its token or
    /// renews it: then what was revoked was an older one.
    ///
    /// - Returns: why that cannot be decided now; nil when it is.
    func settle(
        account: Int, receivedAt: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> EventRefusal? {
        while var stored = try tokens.connections.stored(account: account, in: invocation) {
            let connection = stored.connection
            guard connection.connectedAt <= receivedAt else { return nil }
            do throws(FunctionError) {
                switch stored.tokens {
                case .success(let judged):
                    guard try !tokens.isAlive(account: account, of: connection.subject, in: invocation) else {
                        return nil
                    }
                    // What was found out about it may have been written down.
                    guard let standing = try tokens.stored(account, connection.subject, in: invocation),
                        standing.connection.isSame(as: connection), (try? standing.tokens.get()) == judged
                    else { continue }
                    stored = standing
                    // Before it is forgotten here: afterwards nobody could.
                    try asking { () throws(OwnerRezError) in try tokens.endpoint.revoke(judged, in: invocation) }
                case .failure(.keyUnknown):
                    return .unsettled("a connection cannot be judged: \(SealError.keyUnknown.description)")
                case .failure(let error):
                    // Such tokens are of no use to anybody, and nobody can revoke them any more.
                    tellOfUnreadable(error, in: invocation)
                }
            } catch {
                return .unsettled("OwnerRez cannot be asked about a connection: \(error.detail ?? error.message)")
            }
            do throws(StoreError) {
                try tokens.connections.remove(stored, .revoked, in: invocation)
                if stored.connection.revokedAt == nil { invocation.count("ConnectionsRevoked") }
                return nil
            } catch {
                // Somebody changed it meanwhile: what stands now decides.
                guard error == .conditionFailed else { throw error }
            }
        }
        return nil
    }

    private func tellOfUnreadable(_ error: SealError, in invocation: Invocation) {
        invocation.count("TokensNotRevoked")
        invocation.log.write(
            .error,
            "a connection that is said to be revoked is removed without a look at its tokens: "
                + error.description, requestID: invocation.requestID)
    }
}
