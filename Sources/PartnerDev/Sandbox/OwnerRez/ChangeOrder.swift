import PartnerCore

/// Changes that a test has OwnerRez make in an account, and what becomes of the webhooks that tell of them.
struct ChangeOrder: Sendable {
    enum Step: Sendable {
        case create(OwnerRezKind, JSON, count: Int, at: Int?)
        case update(OwnerRezKind, Int, JSON, at: Int?)
        case delete(OwnerRezKind, Int)
    }

    let account: Int
    let steps: [Step]
    let isLost: Bool
    let copies: Int
    let isReversed: Bool
    /// The route whose next call they happen after; nil for at once.
    let route: String?

    init(_ request: Request) throws(SandboxError) {
        let parameters = try Parameters(
            body: request, allowed: ["user_id", "changes", "lost", "copies", "reversed", "after"])
        account = try parameters.number("user_id", default: nil, in: 1...Int.max)
        guard let changes = parameters.value("changes")?.array else { throw .invalid("changes must be an array") }
        var steps: [Step] = []
        for change in changes { steps.append(try Self.step(change)) }
        self.steps = steps
        isLost = try parameters.optionalBool("lost") ?? false
        copies = try parameters.number("copies", default: 1, in: 1...100)
        isReversed = try parameters.optionalBool("reversed") ?? false
        route = try parameters.optionalText("after")
        guard route == nil || Endpoint.all.contains(where: { $0.name == route }) else {
            throw .invalid("There is no route \(route ?? "")")
        }
    }

    private static func step(_ change: JSON) throws(SandboxError) -> Step {
        let parameters = try Parameters(change, allowed: ["do", "type", "id", "fields", "count", "updated_utc"])
        guard let kind = OwnerRezKind(rawValue: try parameters.text("type")) else {
            throw .invalid("type is not known")
        }
        let fields = parameters.value("fields") ?? [:]
        guard fields.members != nil else { throw .invalid("fields must be an object") }
        var ticks: Int?
        if let text = try parameters.optionalText("updated_utc") {
            ticks = OwnerRezRecord.ticks(text)
            guard ticks != nil else { throw .invalid("updated_utc must be a time") }
        }
        switch try parameters.text("do") {
        case "create":
            let count = try parameters.number("count", default: 1, in: 1...100_000)
            return .create(kind, fields, count: count, at: ticks)
        case "update":
            return .update(kind, try parameters.number("id", default: nil, in: 1...Int.max), fields, at: ticks)
        case "delete": return .delete(kind, try parameters.number("id", default: nil, in: 1...Int.max))
        default: throw .invalid("do must be create, update or delete")
        }
    }
}

extension OwnerRezDouble {
    /// Nil when a record is missing: then neither this change nor any after it was made.
    mutating func perform(_ order: ChangeOrder) -> [OwnerRezChange]? {
        var done: [OwnerRezChange] = []
        var isComplete = true
        steps: for step in order.steps {
            switch step {
            case .create(let kind, let fields, let count, let ticks):
                for _ in 0..<count { done.append(create(order.account, kind, fields, at: ticks)) }
            case .update(let kind, let id, let fields, let ticks):
                guard let change = update(order.account, kind, id, fields, at: ticks) else {
                    isComplete = false
                    break steps
                }
                done.append(change)
            case .delete(let kind, let id):
                guard let change = delete(order.account, kind, id) else {
                    isComplete = false
                    break steps
                }
                done.append(change)
            }
        }
        if !order.isLost { outbox += outgoing(done, copies: order.copies, isReversed: order.isReversed) }
        return isComplete ? done : nil
    }

    /// Does what was to happen after a call of this route.
    mutating func performLater(_ route: String?) {
        guard let index = later.firstIndex(where: { $0.route == route }) else { return }
        _ = perform(later.remove(at: index))
    }
}
