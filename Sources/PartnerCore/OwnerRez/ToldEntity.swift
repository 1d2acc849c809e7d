/// What has been told about one entity of an account's, so that the same change under two ids is one event, and so that
/// what no webhook told of can be found.
///
///     ownerrez-told#ACCOUNT/TYPE/ENTITY   latest           updated (if it had a time), action, state (a digest of what the
///                                                          entity came to), receivedAt: of the event that came last
///     ownerrez-told#ACCOUNT/TYPE/ENTITY   UPDATED#DIGEST   receivedAt: a change, by the time that the entity has of it
///     ownerrez-told#ACCOUNT/TYPE/ENTITY   delete#DIGEST    likewise: a deletion without such a time
///
/// A change that was told before is another one where the entity was told to be something else meanwhile, at the same time
/// or without one: somebody has changed it back.
///
/// UPDATED and `updated` are as `SortableTime` writes them, and DIGEST is of all that the event says but for its id. All of
/// it goes after a month; a deletion without a time after a day, since the next one would say the same.
///
/// An older build's `latest` takes the place of a newer one's, since nobody reads it before an event is stored: it is about
/// the event that came last, whoever took it, and carries nothing over.
struct ToldEntity: Sendable {
    let partition: String
    static let schema = RecordSchema(kind: "a told entity's")

    private static let monthSeconds = 30 * 86_400
    private static let daySeconds = 86_400

    static let latest = "latest"
    static let deletion = "delete#"

    /// - Returns: nil for what tells of no entity, or not whose it is.
    init?(_ event: OwnerRezEvent) {
        guard event.isAboutEntity, let account = event.account else { return nil }
        self.init(account: account, entity: event.entity)
    }

    init(account: Int, entity: String) { partition = "ownerrez-told#\(account)/\(entity)" }

    /// For the transaction that has an event in the inbox: its condition does not hold where the same was told already.
    ///
    /// - Parameters:
    ///   - condition: of what was told last.
    ///   - isBack: it was told already, and has come back since.
    func writes(
        _ event: OwnerRezEvent, at now: Timestamp, ifLatest condition: Condition = .always, isBack: Bool = false
    ) -> [Write] {
        let month = now.adding(seconds: Self.monthSeconds)
        var latest = ["action": event.action, "state": event.stateDigest, "receivedAt": now.attribute]
        latest["updated"] = event.changedAt?.text
        var writes: [Write] = [.put(key(Self.latest), latest, expires: month, if: condition)]
        let received = ["receivedAt": now.attribute]
        let isNew: Condition = isBack ? .always : .ifAbsent
        if let changedAt = event.changedAt {
            let version = key("\(changedAt.text)#\(event.contentDigest)")
            writes.append(.put(version, received, expires: month, if: isNew))
        } else if event.isDeletion {
            let day = now.adding(seconds: Self.daySeconds)
            writes.append(.put(key(Self.deletion + event.contentDigest), received, expires: day, if: isNew))
        }
        return writes
    }

    /// What was told last, if a change that was told before, and comes under another id, has come back since.
    ///
    /// - Returns: the revision of `latest`.
    func latestBefore(
        return event: OwnerRezEvent, in store: RecordStore, _ invocation: Invocation
    ) throws(StoreError) -> Int? {
        guard let latest = try store.get(key(Self.latest), in: invocation) else { return nil }
        try Self.schema.check(latest)
        guard let state = latest.attributes["state"], state != event.stateDigest else { return nil }
        guard let changedAt = event.changedAt else { return latest.revision }
        return latest.attributes["updated"].flatMap { $0 == changedAt.text ? latest.revision : nil }
    }

    func key(_ sort: String) -> RecordKey { RecordKey(partition: partition, sort: sort) }
}
