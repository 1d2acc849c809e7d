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

// As records, twice in one transaction: by reference, where a repeat looks for it, and by day.

extension RewardEntry {
    /// An action code holds no `#`, so that no two rewards have one key.
    static func key(actionCode: String, clientReference: String) -> RecordKey {
        RecordKey(partition: "reward#\(actionCode)#\(clientReference)", sort: "entry")
    }

    var key: RecordKey { Self.key(actionCode: request.actionCode, clientReference: request.clientReference) }

    static func partition(ofDay day: String) -> String { "reward-audit#\(day)" }

    /// In the order in which they were asked for.
    var keyByDay: RecordKey {
        RecordKey(
            partition: Self.partition(ofDay: askedAt.day),
            sort: "\(askedAt.rfc3339)#\(request.actionCode)#\(request.clientReference)")
    }

    var attributes: [String: String] {
        var attributes = [
            "userId": request.userID, "cents": "\(request.amount.count)", "actionCode": request.actionCode,
            "clientReference": request.clientReference, "way": origin.way.rawValue, "originId": Self.kept(origin.id),
            "askedAt": askedAt.attribute, "state": state.rawValue,
        ]
        attributes["originName"] = origin.name.map(Self.kept)
        attributes["rewardId"] = rewardID
        return attributes
    }

    init(_ record: Record) throws(StoreError) {
        guard let cents = Int(try record.text("cents")), let way = Origin.Way(exactly: try record.text("way")),
            let state = State(exactly: try record.text("state"))
        else { throw .unavailable(reason: "a reward's record is not understood") }
        self.init(
            RewardRequest(
                userID: try record.text("userId"), amount: Cents(cents), actionCode: try record.text("actionCode"),
                clientReference: try record.text("clientReference")),
            from: Origin(way, name: record.attributes["originName"], id: try record.text("originId")),
            askedAt: try record.time("askedAt"), state: state, rewardID: record.attributes["rewardId"])
    }

    /// Names and ids are others' text: as much of it as says who it was, and nothing that a store refuses.
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
