/// A subscription as OwnerRez lists it: `{"id","type","action","webhook_url"[,"category_type"]}`.
struct SubscriptionRow: Sendable, Equatable {
    /// As a path segment.
    let id: String
    /// As they are spelled there.
    let type: String
    let action: String
    let url: String
    /// It has a category: not all events of its kind come by it.
    let isPartial: Bool

    /// Nil for what is none, or cannot be addressed.
    init?(_ row: JSON) {
        guard let id = Self.id(in: row), let url = row["webhook_url"]?.string else { return nil }
        self.id = id
        self.url = url
        type = row["type"]?.string ?? ""
        action = row["action"]?.string ?? ""
        isPartial = row["category_type"]?.present != nil
    }

    static func id(in row: JSON) -> String? {
        guard let id = row["id"]?.wholeNumber ?? row["id"]?.string, (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") })
        else { return nil }
        return id
    }

    var kind: WantedSubscriptions.Kind { WantedSubscriptions.Kind(type: type, action: action) }
}

/// What is to be done so that an account's subscriptions are those that are wanted. Ours are those with our address, to
/// the byte; others' are never touched.
struct SubscriptionChanges: Sendable, Equatable {
    var missing: [WantedSubscriptions.Kind] = []
    /// Doubles, and what is not wanted (any more).
    var surplus: [SubscriptionRow] = []
    /// Of each wanted kind the first.
    var kept: [SubscriptionRow] = []

    init(from rows: [SubscriptionRow], to wanted: WantedSubscriptions, at url: String) {
        for row in rows where row.url == url {
            let isFirst = !kept.contains { $0.kind == row.kind }
            if isFirst && !row.isPartial && wanted.kinds.contains(row.kind) {
                kept.append(row)
            } else {
                surplus.append(row)
            }
        }
        missing = wanted.kinds.filter { kind in !kept.contains { $0.kind == kind } }
    }
}

/// How an account's list and OwnerRez's categories spell types and actions.
struct SubscriptionSpelling: Sendable {
    private var words: [String] = []

    mutating func learn(from rows: [SubscriptionRow]) {
        for row in rows { words += [row.type, row.action] }
    }

    /// From any text in an answer whose shape nobody has documented.
    mutating func learn(from answer: JSON) {
        switch answer {
        case .string(let text) where text.utf8.count <= 60: words.append(text)
        case .array(let values): for value in values { learn(from: value) }
        case .object(let members): for member in members { learn(from: member.value) }
        default: break
        }
    }

    func knows(_ kind: WantedSubscriptions.Kind) -> Bool { word(kind.type) != nil && word(kind.action) != nil }

    /// In snake case where nothing shows another spelling.
    func body(_ kind: WantedSubscriptions.Kind, url: String) -> JSON {
        [
            "webhook_url": .string(url), "type": .string(word(kind.type) ?? kind.type),
            "action": .string(word(kind.action) ?? kind.action),
        ]
    }

    private func word(_ name: String) -> String? { words.first { inSnakeCase($0) == name } }
}
