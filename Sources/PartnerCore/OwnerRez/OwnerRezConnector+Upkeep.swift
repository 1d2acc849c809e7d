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
        try tokens.isAlive(account: connection.account.id, of: connection.subject, in: invocation) ? .active : .revoked
    }

    /// Removes our subscriptions and revokes at OwnerRez, then forgets here. When OwnerRez cannot be told, the connection
    /// stays.
    ///
    /// - Returns: false when the user has no such connection.
    public func disconnect(
        account: Int, subject: String, in invocation: Invocation
    ) throws(FunctionError) -> Bool {
        try disconnections.disconnect(account: account, subject: subject, in: invocation)
    }
}
