/// A list of OwnerRez's that can be asked for what has changed since a time.
enum ReconciledList: String, Sendable, CaseIterable {
    case bookings, guests, inquiries, quotes, reviews

    /// As events name what is in it.
    var entityType: String {
        switch self {
        case .bookings: "booking"
        case .guests: "guest"
        case .inquiries: "inquiry"
        case .quotes: "quote"
        case .reviews: "review"
        }
    }

    /// Guests can be asked for by their creation alone.
    private var sinceParameter: String { self == .guests ? "created_since_utc" : "since_utc" }

    /// The first page of what has changed since a time: 100 rows are the most that OwnerRez gives.
    func firstPage(since: Timestamp) -> ListPage.Address {
        ListPage.Address(
            path: "/v2/\(rawValue)", query: form([(sinceParameter, since.rfc3339), ("limit", "100")]))
    }

    /// Whether a webhook should have told of what this list has: no webhook tells of a review.
    ///
    /// - Parameter wanted: the subscriptions, where they are ours to make.
    func isTold(by wanted: WantedSubscriptions) -> Bool {
        guard self != .reviews else { return false }
        guard !wanted.isEmpty else { return true }
        let isCreationTold =
            wanted.contains(entityType, "entity_create") || wanted.contains(entityType, "entity_insert")
        return isCreationTold && (self == .guests || wanted.contains(entityType, "entity_update"))
    }
}

extension SettingsReader {
    mutating func reconciledLists() -> [ReconciledList] {
        let names = ReconciledList.allCases.map { $0.rawValue }.joined(separator: ",")
        return value(
            "OWNERREZ_RECONCILE", default: names, placeholder: [],
            expected: "off, or some of \(names)",
            "the lists of OwnerRez's that are looked through for changes that no webhook told of"
        ) { text in
            guard text != "off" else { return [] }
            var lists: [ReconciledList] = []
            for name in text.commaSeparated {
                guard let list = ReconciledList(exactly: name), !lists.contains(list) else { return nil }
                lists.append(list)
            }
            return lists.isEmpty ? nil : lists
        }
    }

    mutating func backfillSince() -> Timestamp? {
        value(
            "OWNERREZ_BACKFILL_SINCE", default: "none", placeholder: nil,
            expected: "none, or a day or a time in UTC, as in 2026-01-01 or 2026-01-01T00:00:00Z",
            "from when on the changes of an account that is new here are told of; none: from its connection on"
        ) { (text) -> Timestamp?? in
            guard text != "none" else { return .some(nil) }
            let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z")
            return time.map { .some($0) }
        }
    }
}
