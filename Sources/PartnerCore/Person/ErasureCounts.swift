/// How much of a person was erased, by its kind.
struct ErasureCounts: Sendable, Equatable {
    enum Kind: String, CaseIterable {
        case links, consents, withdrawals, contactIntents, connections, begunConnections, accountRecords, toldChanges
        case events, rewards, rewardBudgets
    }

    private var counts = [Int](repeating: 0, count: Kind.allCases.count)

    init() {}

    subscript(_ kind: Kind) -> Int {
        get { counts[Self.index(of: kind)] }
        set { counts[Self.index(of: kind)] = newValue }
    }

    var total: Int { counts.reduce(0) { $0.saturatingAdding($1) } }

    mutating func add(_ other: ErasureCounts) {
        for kind in Kind.allCases { self[kind] = self[kind].saturatingAdding(other[kind]) }
    }

    private static func index(of kind: Kind) -> Int { Kind.allCases.firstIndex(of: kind) ?? 0 }
}

// As an attribute: {"events":12}.

extension ErasureCounts {
    var text: String {
        let members = Kind.allCases.filter { self[$0] > 0 }.map { JSON.Member($0.rawValue, .integer(self[$0])) }
        return String(decoding: JSON.object(members).text, as: UTF8.self)
    }

    init(_ record: Record) throws(StoreError) {
        let text = try record.text("counts")
        let json = try? JSON.parse(Array(text.utf8))
        for kind in Kind.allCases { self[kind] = json?[kind.rawValue]?.integer ?? 0 }
    }
}
