/// What the rewards of some entries come to, by day, action code and who asked. It holds a sum of each of these, however
/// many entries there are.
public struct RewardTotals: Sendable {
    public struct Row: Sendable, Equatable {
        /// Of UTC's, on which they were asked for: `2026-11-26`.
        public let day: String
        public let actionCode: String
        public let way: Origin.Way
        /// Who asked: see `Origin`.
        public let name: String?
        public var granted = Sum()
        /// What Ownli was asked for, and is not known to have granted.
        public var asked = Sum()
    }

    public struct Sum: Sendable, Equatable {
        public private(set) var count = 0
        public private(set) var amount = Cents(0)

        public init() {}

        public mutating func add(_ other: Sum) {
            count = count.saturatingAdding(other.count)
            amount = Cents(amount.count.saturatingAdding(other.amount.count))
        }

        fileprivate mutating func add(_ amount: Cents) {
            count = count.saturatingAdding(1)
            self.amount = Cents(self.amount.count.saturatingAdding(amount.count))
        }
    }

    /// In the order in which they were first met.
    public private(set) var rows: [Row] = []
    private var indices: [ExactText: Int] = [:]

    public init() {}

    public mutating func add(_ entry: RewardEntry) {
        let day = entry.askedAt.day
        // Neither a day nor an action code nor a way holds a space.
        let key = ExactText(
            "\(day) \(entry.request.actionCode) \(entry.origin.way.rawValue) \(entry.origin.name ?? "")")
        let index: Int
        if let known = indices[key] {
            index = known
        } else {
            index = rows.count
            indices[key] = index
            rows.append(
                Row(day: day, actionCode: entry.request.actionCode, way: entry.origin.way, name: entry.origin.name))
        }
        switch entry.state {
        case .granted: rows[index].granted.add(entry.request.amount)
        case .asked: rows[index].asked.add(entry.request.amount)
        }
    }

    /// Of all rows.
    public var total: (granted: Sum, asked: Sum) {
        var total = (granted: Sum(), asked: Sum())
        for row in rows {
            total.granted.add(row.granted)
            total.asked.add(row.asked)
        }
        return total
    }
}
