extension OwnerRezConnector {
    /// What OwnerRez says of a connection when it is asked.
    public enum Standing: String, Sendable {
        case active
        /// It was revoked there, or its time is over: the person has to connect again.
        case revoked
    }

    public func connections(of subject: String, in invocation: Invocation) throws(FunctionError) -> [Connection] {
        try storing { () throws(StoreError) in try connections.all(subject: subject, in: invocation) }
    }

    /// Asks OwnerRez whether it still takes the connection's token, which is renewed if need be.
    public func standing(
        of connection: Connection, in invocation: Invocation
    ) throws(FunctionError) -> Standing {
        var refused: Secret?
        // A pair whose life we were not told of shows by a refusal that it has to be renewed.
        while let token = try usableToken(of: connection, insteadOf: refused, in: invocation), token != refused {
            let isAccepted = try asking { () throws(OwnerRezError) in try oauth.api.accepts(token, in: invocation) }
            guard !isAccepted else { return .active }
            guard refused == nil else { break }
            refused = token
        }
        return .revoked
    }

    /// Revokes at OwnerRez, then forgets here. When OwnerRez cannot be told, the connection stays.
    ///
    /// - Returns: false when the user has no such connection.
    public func disconnect(
        account: Int, subject: String, in invocation: Invocation
    ) throws(FunctionError) -> Bool {
        guard let connection = try stored(account, subject, in: invocation)?.connection else { return false }
        if let token = try usableToken(of: connection, in: invocation) {
            try asking { () throws(OwnerRezError) in try oauth.revoke(token, in: invocation) }
        }
        try storing { () throws(StoreError) in
            while let stored = try connections.stored(account: account, in: invocation),
                stored.connection == connection
            {
                do throws(StoreError) { return try connections.remove(stored, in: invocation) } catch {
                    guard error == .conditionFailed else { throw error }
                }
            }
        }
        invocation.count("Disconnected")
        return true
    }

    /// A token that has not expired and was not refused. Of several that find it expired one renews it, since the pair may rotate and a
    /// refresh token that is used twice is taken for stolen; the others wait for that.
    ///
    /// - Returns: nil when there is none to be had any more.
    private func usableToken(
        of connection: Connection, insteadOf refused: Secret? = nil, in invocation: Invocation
    ) throws(FunctionError) -> Secret? {
        let account = connection.account.id
        while let stored = try stored(account, connection.subject, in: invocation) {
            let tokens: OwnerRezTokens
            do throws(SealError) { tokens = try stored.tokens.get() } catch { throw .unreadable(error) }
            let isGood = tokens.isFresh(at: now()) && tokens.access != refused
            guard !isGood, let refreshToken = tokens.refresh else { return tokens.access }
            guard try takeRenewal(account, in: invocation) else {
                guard invocation.deadline.remainingMilliseconds > 1000 else { throw OwnerRezError.inTheWay }
                sleep(milliseconds: 100)
                continue
            }
            defer { endRenewal(account, in: invocation) }
            // Whoever had the turn before may have renewed it, after we looked.
            guard let current = try self.stored(account, connection.subject, in: invocation),
                current.revision == stored.revision
            else { continue }
            return try renew(current, refreshToken, in: invocation)
        }
        return nil
    }

    private func renew(
        _ stored: Connections.Stored, _ refreshToken: Secret, in invocation: Invocation
    ) throws(FunctionError) -> Secret? {
        let renewed: OwnerRezTokens
        do throws(OwnerRezError) { renewed = try oauth.refresh(refreshToken, in: invocation) } catch {
            guard error != .grantRefused else { return nil }
            throw error.functionError
        }
        do throws(StoreError) {
            try connections.update(stored, renewed, in: invocation)
            return renewed.access
        } catch {
            // The old pair may be of no use any more, and nobody will ever see this one.
            oauth.revokeOrTell(renewed.access, in: invocation)
            throw error.functionError
        }
    }

    /// The account's connection, if it is this user's.
    private func stored(
        _ account: Int, _ subject: String, in invocation: Invocation
    ) throws(FunctionError) -> Connections.Stored? {
        let stored = try storing { () throws(StoreError) in
            try connections.stored(account: account, in: invocation)
        }
        guard let stored, stored.connection.subject.utf8.elementsEqual(subject.utf8) else { return nil }
        return stored
    }
}

/// Whose turn it is to renew an account's tokens: a record that goes by itself should its maker be gone.
extension OwnerRezConnector {
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
