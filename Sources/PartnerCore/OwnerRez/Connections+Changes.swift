/// What becomes of a connection that nobody has changed meanwhile.
extension Connections {
    /// Replaces its tokens: they were renewed.
    func update(_ stored: Stored, _ tokens: OwnerRezTokens, in invocation: Invocation) throws(StoreError) {
        try store.transact(writes(stored.connection, tokens, if: .ifRevision(stored.revision)), in: invocation)
    }

    /// That OwnerRez refuses it for good.
    func markRevoked(_ stored: Stored, in invocation: Invocation) throws(StoreError) {
        var connection = stored.connection
        connection.revokedAt = now()
        try store.transact(
            writes(stored, connection, refreshFailedAt: stored.refreshFailedAt) + [connection.event(.revoked)],
            in: invocation)
    }

    /// That OwnerRez refuses to renew its tokens.
    func markRefreshFailed(_ stored: Stored, in invocation: Invocation) throws(StoreError) {
        try store.transact(
            writes(stored, stored.connection, refreshFailedAt: now()) + [stored.connection.event(.refreshFailed)],
            in: invocation)
    }

    /// Removes it, and tells why, unless that has been told, or is nobody's business.
    func remove(_ stored: Stored, _ change: ConnectionChange?, in invocation: Invocation) throws(StoreError) {
        let connection = stored.connection
        let isTold = change == .revoked && connection.revokedAt != nil
        let event = isTold ? nil : change.map { connection.event($0) }
        try store.transact(
            [
                .delete(Self.key(account: connection.account.id), if: .ifRevision(stored.revision)),
                .delete(Self.key(subject: connection.subject, account: connection.account.id)),
                .delete(ConnectionSchedule.key(account: connection.account.id)),
            ] + (event.map { [$0] } ?? []), in: invocation)
    }

    /// Removes a connection, whatever has become of its tokens, unless it is another one by now.
    func remove(
        _ connection: Connection, _ change: ConnectionChange?, in invocation: Invocation
    ) throws(StoreError) {
        while let stored = try stored(account: connection.account.id, in: invocation),
            stored.connection.isSame(as: connection)
        {
            do throws(StoreError) { return try remove(stored, change, in: invocation) } catch {
                guard error == .conditionFailed else { throw error }
            }
        }
    }

    /// Has schedules know of a connection that an older build has made. If somebody changes it meanwhile, that is left to
    /// the next time.
    func enlist(_ stored: Stored, in invocation: Invocation) throws(StoreError) {
        var connection = stored.connection
        connection.listedAt = connection.listedAt ?? now()
        do throws(StoreError) {
            try store.transact(
                writes(stored, connection, refreshFailedAt: stored.refreshFailedAt) + [
                    schedule.listing(connection, in: invocation)
                ], in: invocation)
        } catch {
            guard error == .conditionFailed else { throw error }
        }
    }

    /// Has schedules forget an account that nobody has connected: an older build, which knows of none, has removed it.
    func unlist(account: Int, in invocation: Invocation) throws(StoreError) {
        let key = ConnectionSchedule.key(account: account)
        // In this order: whoever connects it meanwhile writes the record again.
        guard let listed = try store.get(key, in: invocation), try stored(account: account, in: invocation) == nil
        else { return }
        try ConnectionSchedule.schema.check(listed)
        do throws(StoreError) {
            try store.transact([.delete(key, if: .ifRevision(listed.revision))], in: invocation)
        } catch {
            guard error == .conditionFailed else { throw error }
        }
    }
}
