/// The tokens of connections, kept usable: under the policy "Standard" they have to be renewed. Whoever judges a connection
/// by its tokens does so here, since one that has merely expired says nothing.
public struct ConnectionTokens: Sendable {
    let store: RecordStore
    let connections: Connections
    let endpoint: OwnerRezTokenEndpoint
    let now: @Sendable () -> Timestamp

    public init(
        _ store: RecordStore, _ connections: Connections, _ endpoint: OwnerRezTokenEndpoint,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.store = store
        self.connections = connections
        self.endpoint = endpoint
        self.now = now
    }

    /// What is to be had for a connection.
    enum Usable {
        /// Not expired, and not refused so far as we know.
        case tokens(OwnerRezTokens)
        /// They cannot be renewed any more. The access token may be taken for some time yet.
        case unrenewable(OwnerRezTokens)
        /// OwnerRez refuses the connection for good: nothing is called with it.
        case revoked(OwnerRezTokens)

        var tokens: OwnerRezTokens {
            switch self {
            case .tokens(let tokens), .unrenewable(let tokens), .revoked(let tokens): tokens
            }
        }
    }

    /// Whether OwnerRez stands by a connection: it takes the access token, or renews the pair and takes what comes of it.
    /// Only a refused renewal ends a connection that can be renewed.
    ///
    /// - Returns: false as well when the user has no such connection.
    func isAlive(account: Int, of subject: String, in invocation: Invocation) throws(FunctionError) -> Bool {
        var refused: Secret?
        for _ in 0..<3 {
            let usable = try usable(account: account, of: subject, insteadOf: refused, in: invocation)
            guard case .tokens(let tokens) = usable, tokens.access != refused else { return false }
            let isAccepted = try asking { () throws(OwnerRezError) in
                try endpoint.api.accepts(tokens.access, in: invocation)
            }
            guard !isAccepted else { return true }
            // A pair whose life we were not told of shows by a refusal that it has to be renewed.
            refused = tokens.access
        }
        throw OwnerRezError.unexpectedAnswer("tokens that were given just now are not taken").functionError
    }

    /// If several find the tokens expired, one renews them and the others wait for that. The pair may rotate, and a
    /// refresh token that is used twice is taken for stolen.
    ///
    /// A refused renewal is told by one event. It is not tried again.
    ///
    /// - Parameters:
    ///   - subject: the user whose connection it has to be; nil: whoever's it is.
    ///   - refused: an access token that is to be renewed, fresh or not.
    /// - Returns: nil when there is no such connection.
    func usable(
        account: Int, of subject: String?, insteadOf refused: Secret? = nil, in invocation: Invocation
    ) throws(FunctionError) -> Usable? {
        while let stored = try stored(account, subject, in: invocation) {
            let tokens: OwnerRezTokens
            do throws(SealError) { tokens = try stored.tokens.get() } catch { throw .unreadable(error) }
            guard stored.connection.revokedAt == nil else { return .revoked(tokens) }
            let isGood = tokens.isFresh(at: now()) && tokens.access != refused
            guard !isGood, let refreshToken = tokens.refresh else { return .tokens(tokens) }
            guard stored.refreshFailedAt == nil else { return .unrenewable(tokens) }
            guard try takeRenewal(account, in: invocation) else {
                guard invocation.deadline.remainingMilliseconds > 1000 else { throw OwnerRezError.inTheWay }
                sleep(milliseconds: 100)
                continue
            }
            defer { endRenewal(account, in: invocation) }
            // Whoever had the turn before may have renewed it, after we looked.
            guard try isUnchanged(stored, in: invocation) else { continue }
            if let renewed = try renew(stored, refreshToken, in: invocation) { return .tokens(renewed) }
            do throws(StoreError) {
                try connections.markRefreshFailed(stored, in: invocation)
                return .unrenewable(tokens)
            } catch {
                // Refused, since somebody else used it after all: what stands now decides.
                guard error == .conditionFailed else { throw error.functionError }
            }
        }
        return nil
    }

    /// OwnerRez refuses an access token that was renewed just now, or that nothing renews. So the connection is of no
    /// use any more. One event tells of it.
    ///
    /// - Returns: false when it has other tokens by now, or is gone.
    @discardableResult
    func markRevoked(
        account: Int, of subject: String?, refused: Secret, in invocation: Invocation
    ) throws(FunctionError) -> Bool {
        while let stored = try stored(account, subject, in: invocation) {
            guard stored.connection.revokedAt == nil else { return true }
            guard case .success(let tokens) = stored.tokens, tokens.access == refused else { return false }
            do throws(StoreError) {
                try connections.markRevoked(stored, in: invocation)
                invocation.count("ConnectionsRevoked")
                return true
            } catch {
                guard error == .conditionFailed else { throw error.functionError }
            }
        }
        return false
    }

    /// - Returns: nil when the refresh token is refused.
    private func renew(
        _ stored: Connections.Stored, _ refreshToken: Secret, in invocation: Invocation
    ) throws(FunctionError) -> OwnerRezTokens? {
        let renewed: OwnerRezTokens
        do throws(OwnerRezError) { renewed = try endpoint.refresh(refreshToken, in: invocation) } catch {
            guard error != .grantRefused else { return nil }
            throw error.functionError
        }
        do throws(StoreError) {
            try connections.update(stored, renewed, in: invocation)
            return renewed
        } catch {
            // The old pair may be of no use any more, and nobody will ever see this one.
            endpoint.revokeOrTell(renewed, in: invocation)
            throw error.functionError
        }
    }

    /// The account's connection, if it is this user's.
    func stored(
        _ account: Int, _ subject: String?, in invocation: Invocation
    ) throws(FunctionError) -> Connections.Stored? {
        try storing { () throws(StoreError) in
            var isEnlisted = false
            while let stored = try connections.stored(account: account, in: invocation),
                subject.map({ $0 == stored.connection.subject }) ?? true
            {
                // As an older build has left it.
                guard stored.connection.listedAt == nil, !isEnlisted else { return stored }
                try connections.enlist(stored, in: invocation)
                isEnlisted = true
            }
            return nil
        }
    }

    private func isUnchanged(_ stored: Connections.Stored, in invocation: Invocation) throws(FunctionError) -> Bool {
        let connection = stored.connection
        return try self.stored(connection.account.id, connection.subject, in: invocation)?.revision == stored.revision
    }
}

/// Whose turn it is to renew an account's tokens: a record that goes by itself should its maker be gone.
extension ConnectionTokens {
    /// Longer than a renewal can take.
    private static var longestRenewalSeconds: Int { 30 }

    private func takeRenewal(_ account: Int, in invocation: Invocation) throws(FunctionError) -> Bool {
        let expires = Timestamp(epochSeconds: now().epochSeconds + Self.longestRenewalSeconds)
        do throws(StoreError) {
            try store.put(renewalKey(account), [:], expires: expires, if: .ifAbsent, in: invocation)
            return true
        } catch {
            guard error == .conditionFailed else { throw error.functionError }
            return false
        }
    }

    private func endRenewal(_ account: Int, in invocation: Invocation) {
        // If that fails, the others wait until the record is gone by itself.
        _ = try? store.delete(renewalKey(account), in: invocation)
    }

    private func renewalKey(_ account: Int) -> RecordKey {
        RecordKey(partition: "ownerrez-account#\(account)", sort: "renewal")
    }
}

extension OwnerRezError {
    /// Somebody else was renewing the tokens, and was not done in our time.
    fileprivate static var inTheWay: FunctionError { OwnerRezError.unreachable(.timedOut).functionError }
}

extension FunctionError {
    fileprivate static func unreadable(_ error: SealError) -> FunctionError {
        FunctionError(
            500, "TOKEN_UNREADABLE",
            "The connection's token cannot be read: disconnect at OwnerRez, or connect the account again",
            detail: error.description, isTransient: false)
    }
}
