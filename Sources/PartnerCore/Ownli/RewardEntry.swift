/// The audit record of one reward: what was asked for, by whom and when, and what became of it.
public struct RewardEntry: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        /// Ownli was asked, or was about to be, and what it answered is not known here. A repeat decides.
        case asked
        case granted
    }

    public let request: RewardRequest
    public let origin: Origin
    /// By our own clock. Its day of UTC's is the one whose budget the reward counts against.
    public let askedAt: Timestamp
    public let state: State
    /// Ownli's id of the reward, once it is granted.
    public let rewardID: String?

    init(
        _ request: RewardRequest, from origin: Origin, askedAt: Timestamp, state: State = .asked,
        rewardID: String? = nil
    ) {
        self.request = request
        self.origin = origin
        self.askedAt = askedAt
        self.state = state
        self.rewardID = rewardID
    }

    func granted(as rewardID: String) -> RewardEntry {
        RewardEntry(request, from: origin, askedAt: askedAt, state: .granted, rewardID: rewardID)
    }
}

// As records, three in one transaction: by reference, where a repeat looks for it, by day and by user.

extension RewardEntry {
    /// Those of the first schema are not listed by user, and stay for good.
    static let schema = RecordSchema(kind: "a reward's", newest: 2)

    /// Reads RETENTION_AUDIT. It is ten years unless set: an entry proves what was paid, and tax laws commonly ask for that
    /// within ten years.
    public static func retention(reading settings: inout SettingsReader) -> Retention {
        Retention(
            "RETENTION_AUDIT", default: "3653", reading: &settings,
            "days for which the audit record of a reward is kept, or forever")
    }

    /// An action code holds no `#`, so that no two rewards have one key.
    static func key(actionCode: String, clientReference: String) -> RecordKey {
        RecordKey(partition: "reward#\(actionCode)#\(clientReference)", sort: "entry")
    }

    /// Whether it is that of one of an entry's three records.
    static func isKey(_ key: RecordKey) -> Bool {
        ["reward#", "reward-audit#", "reward-user#"].contains { key.partition.hasPrefix($0) }
    }

    var key: RecordKey { Self.key(actionCode: request.actionCode, clientReference: request.clientReference) }

    static func partition(ofDay day: String) -> String { "reward-audit#\(day)" }

    static func partition(ofUser ownliUserID: String) -> String { "reward-user#\(ownliUserID)" }

    var keyByDay: RecordKey { RecordKey(partition: Self.partition(ofDay: askedAt.day), sort: sortByTime) }

    var keyByUser: RecordKey { RecordKey(partition: Self.partition(ofUser: request.userID), sort: sortByTime) }

    /// In the order in which they were asked for.
    private var sortByTime: String {
        "\(askedAt.rfc3339)#\(request.actionCode)#\(request.clientReference)"
    }

    /// - Parameters:
    ///   - besides: what the record by reference knows besides.
    ///   - condition: on that record.
    func writes(
        besides: [String: String], if condition: Condition, keptFor retention: Retention
    ) -> [Write] {
        writes(besides: besides, if: condition, expires: retention.end(from: askedAt))
    }

    private func writes(besides: [String: String], if condition: Condition, expires: Timestamp?) -> [Write] {
        var all = besides
        for (name, value) in attributes { all[name] = value }
        return [
            .put(key, all, expires: expires, if: condition), .put(keyByDay, attributes, expires: expires),
            .put(keyByUser, attributes, expires: expires),
        ]
    }

    /// Puts somebody else in the place of its user, who is erased: what was paid, and when, stays as it was.
    ///
    /// - Parameters:
    ///   - record: its own by reference.
    ///   - expires: of all of it.
    func erased(_ subject: ErasedSubject, over record: Record, expires: Timestamp?) -> [Write] {
        let request = RewardRequest(
            userID: subject.user, amount: request.amount, actionCode: request.actionCode,
            clientReference: request.clientReference)
        let entry = RewardEntry(request, from: origin, askedAt: askedAt, state: state, rewardID: rewardID)
        return entry.writes(besides: record.attributes, if: .ifRevision(record.revision), expires: expires)
            + [.delete(keyByUser)]
    }

    func deletions(if condition: Condition) -> [Write] {
        [.delete(key, if: condition), .delete(keyByDay), .delete(keyByUser)]
    }

    var attributes: [String: String] {
        var attributes = [
            "userId": request.userID, "cents": "\(request.amount.count)", "actionCode": request.actionCode,
            "clientReference": request.clientReference, "way": origin.way.rawValue, "originId": Self.kept(origin.id),
            "askedAt": askedAt.attribute, "state": state.rawValue, RecordSchema.attribute: Self.schema.text,
        ]
        attributes["originName"] = origin.name.map(Self.kept)
        attributes["rewardId"] = rewardID
        return attributes
    }

    init(_ record: Record) throws(StoreError) {
        _ = try Self.schema.version(of: record)
        guard let cents = Int(try record.text("cents")), let way = Origin.Way(exactly: try record.text("way")),
            let state = State(exactly: try record.text("state"))
        else { throw .unreadable(reason: "a reward's record is not understood") }
        self.init(
            RewardRequest(
                userID: try record.text("userId"), amount: Cents(cents), actionCode: try record.text("actionCode"),
                clientReference: try record.text("clientReference")),
            from: Origin(way, name: record.attributes["originName"], id: try record.text("originId")),
            askedAt: try record.time("askedAt"), state: state, rewardID: record.attributes["rewardId"])
    }

    /// Names and ids are others' text. As much of it is kept as tells who it was, and nothing that a store refuses.
    private static func kept(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(512) where scalar.value >= 0x20 { kept.append(scalar) }
        return String(kept)
    }
}

extension Timestamp {
    /// The day of UTC's: `2026-11-26`.
    public var day: String { String(rfc3339.prefix(10)) }

    /// Whole seconds until the next day of UTC's begins: 1 to 86,400.
    var secondsUntilMidnight: Int { 86_400 - epochSeconds % 86_400 }
}
