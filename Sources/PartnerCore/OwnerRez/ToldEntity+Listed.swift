/// What has been told about an entity, for whoever has found it in one of OwnerRez's lists.
struct TellingOfListed: Sendable {
    enum Standing: Sendable, Equatable {
        /// It was told as it is listed, or a later state was.
        case told
        /// Something was told since, and has no time by which to know what.
        case perhapsTold
        case untold
    }

    let standing: Standing
    /// When something was told last; nil when nothing was.
    let latestAt: Timestamp?
    /// That nobody has told anything meanwhile.
    let unchanged: Condition
}

extension ToldEntity {
    /// How far the clock by which a deletion was received may be behind OwnerRez's, of which the listed time is.
    private static let clockSkewSeconds = 600

    /// - Parameters:
    ///   - changedAt: the entity's time in the list, if it has one there.
    ///   - since: where it has none, since when anything that was told counts.
    func telling(
        ofListed changedAt: SortableTime?, since: Timestamp, in store: RecordStore, _ invocation: Invocation
    ) throws(StoreError) -> TellingOfListed {
        guard let changedAt else {
            let latest = try store.get(key(Self.latest), in: invocation)
            if let latest { try Self.schema.check(latest) }
            let isTold = latest?.receivedAt.map { $0 >= since } ?? false
            return TellingOfListed(latest, isTold ? .told : .untold)
        }
        // By the bytes of the sort keys: the versions that are not older, deletions, the latest.
        let records = try store.list(partition: partition, after: changedAt.text, in: invocation)
        for record in records { try Self.schema.check(record) }
        let latest = records.last { $0.key.sort == Self.latest }
        let isTold = records.contains { record in
            if record.isVersion { return true }
            guard record.isDeletion, let receivedAt = record.receivedAt else { return false }
            return receivedAt.adding(seconds: Self.clockSkewSeconds) >= changedAt.time
        }
        guard !isTold else { return TellingOfListed(latest, .told) }
        let hasTime = latest?.attributes["updated"] != nil
        let isSince = latest?.receivedAt.map { $0 >= changedAt.time } ?? false
        return TellingOfListed(latest, isSince && !hasTime ? .perhapsTold : .untold)
    }
}

extension TellingOfListed {
    fileprivate init(_ latest: Record?, _ standing: Standing) {
        self.standing = standing
        latestAt = latest?.receivedAt
        switch latest {
        case nil: unchanged = .ifAbsent
        // What none of us has written has no revision to go by.
        case let latest? where latest.receivedAt == nil: unchanged = .always
        case let latest?: unchanged = .ifRevision(latest.revision)
        }
    }
}

extension Record {
    fileprivate var isVersion: Bool { key.sort.utf8.first.map { $0.isASCIIDigit } ?? false }

    fileprivate var isDeletion: Bool {
        key.sort.hasPrefix(ToldEntity.deletion) || attributes["action"] == OwnerRezEvent.deletion
    }

    fileprivate var receivedAt: Timestamp? { attributes["receivedAt"].flatMap { Timestamp(attribute: $0) } }
}
