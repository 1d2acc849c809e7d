/// What becomes of a connection, as the company is told by an event in the stream of OwnerRez's own: `connection.connected`,
/// in OwnerRez's shape. It is ours to tell, and has the source `connection`.
///
///     {"id":"..","user_id":123456,"action":"connected","entity_type":"connection","entity_id":123456,
///      "entity":{"connected_at":"2026-04-25T10:15:30.000Z"}}
enum ConnectionChange: String, Sendable {
    case connected
    /// The same user has connected the account again.
    case reconnected
    /// By its user, here.
    case disconnected
    /// OwnerRez says so, or refuses the token: the person would have to connect again.
    case revoked
    /// OwnerRez refuses to renew the tokens. The access token may be taken for some time yet.
    case refreshFailed = "refresh_failed"
}

extension Connection {
    /// For the transaction that makes the change.
    func event(_ change: ConnectionChange) -> Write {
        let event: JSON = [
            "id": .string(randomID()), "user_id": .integer(account.id), "action": .string(change.rawValue),
            "entity_type": "connection", "entity_id": .integer(account.id),
            "entity": ["connected_at": .string(connectedAt.rfc3339)],
        ]
        return .append(
            partition: InboxShard(ofAccount: account.id).waiting,
            WaitingEvent.attributes(
                text: String(decoding: event.text, as: UTF8.self), source: .connection, subject: subject))
    }
}
