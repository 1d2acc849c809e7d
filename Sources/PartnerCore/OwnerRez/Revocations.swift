/// What happens when OwnerRez says that an account has disconnected our app. Anybody who has the webhook's credentials
/// could say so, and OwnerRez says it late and twice: the token itself decides.
public struct Revocations: Sendable {
    private let connections: Connections
    private let api: OwnerRezAPI

    public init(_ connections: Connections, _ api: OwnerRezAPI) {
        self.connections = connections
        self.api = api
    }

    /// Removes the account's connection, unless it was made after the revocation, or its token is still taken: then
    /// what was revoked was an older one.
    ///
    /// - Returns: why that cannot be decided now; nil when it is.
    func settle(
        account: Int, receivedAt: Timestamp, in invocation: Invocation
    ) throws(StoreError) -> EventRefusal? {
        while let stored = try connections.stored(account: account, in: invocation) {
            guard stored.connection.connectedAt <= receivedAt else { return nil }
            // A token that cannot be opened is of no use to anybody.
            if case .success(let tokens) = stored.tokens {
                do throws(OwnerRezError) {
                    guard try !api.accepts(tokens.access, in: invocation) else { return nil }
                } catch {
                    return .unsettled("OwnerRez cannot be asked about a connection: \(error.description)")
                }
            }
            do throws(StoreError) {
                try connections.remove(stored, in: invocation)
                invocation.count("ConnectionsRevoked")
                return nil
            } catch {
                // Somebody changed it meanwhile: what stands now decides.
                guard error == .conditionFailed else { throw error }
            }
        }
        return nil
    }
}
