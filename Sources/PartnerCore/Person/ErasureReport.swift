/// What an erasure has done, or would do.
public struct ErasureReport: Sendable {
    /// A thing and what became of it.
    public struct Line: Sendable, Equatable {
        public let what: String
        /// Of a user of Ownli's, or an account of OwnerRez's.
        public var id: String?
        public var count: Int?
        public let became: String
        /// Until when what is left of it is kept: a time, or `for good`.
        public var until: String?
    }

    public internal(set) var lines: [Line] = []
    /// How much was found, by kind: `events: 12`.
    public internal(set) var counts: [(name: String, count: Int)] = []
}

extension ErasureReport.Line {
    init(_ what: String, _ count: Int, _ became: Became, until kept: KeptUntil = .nothing) {
        self.what = what
        self.count = count
        self.became = became.rawValue
        until = kept.text
    }

    enum Became: String {
        case removed
        case ended = "ended at OwnerRez, and removed"
        case endedHere = "removed; OwnerRez could not be told"
        case proof = "kept as proof, without the person"
        case goes = "goes by itself"
    }

    /// What is not ours.
    init(ownliUserID: String) {
        what = "Ownli user"
        id = ownliUserID
        became = "stays at Ownli: ask there"
    }

    init(account: Int) {
        what = "OwnerRez account"
        id = "\(account)"
        became = "stays at OwnerRez"
    }

    private init(_ what: String, became: String) {
        self.what = what
        self.became = became
    }

    static let nothing = Self("nothing", became: "is known of this user")
    static let cameBack = Self("what is new", became: "stays: they have come back meanwhile")
}

extension ErasureCounts.Kind {
    var words: String {
        switch self {
        case .links: "links"
        case .consents: "consents"
        case .withdrawals: "withdrawals"
        case .contactIntents: "attempts to opt in"
        case .connections: "connections"
        case .begunConnections: "attempts to connect"
        case .accountRecords: "records of accounts"
        case .toldChanges: "records of what was told"
        case .events: "events"
        case .rewards: "rewards"
        case .rewardBudgets: "budgets of former days"
        }
    }
}
