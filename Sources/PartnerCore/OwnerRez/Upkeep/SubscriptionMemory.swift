/// What we remember of an account's subscriptions: `ownerrez-account#ID`, `subscriptions`.
///
///     settledAt   when the list last showed what is wanted
///     wanted      what was wanted then: a digest, with our address
///     madeAt      when one was last made
///     made        {"booking:entity_update":"7001"}: the ids of those that no list has shown yet
///
/// A list may be behind, and not show what was made just now. Whoever goes by it alone makes another one each time.
struct SubscriptionMemory: Sendable, Equatable {
    struct Made: Sendable, Equatable {
        let kind: WantedSubscriptions.Kind
        let id: String
    }

    static let schema = RecordSchema(kind: "a subscription memory's")

    var settledAt: Timestamp?
    var wanted = ""
    var madeAt: Timestamp?
    var made: [Made] = []

    init() {}

    init(_ record: Record) {
        let attributes = record.attributes
        settledAt = attributes["settledAt"].flatMap { Timestamp(attribute: $0) }
        madeAt = attributes["madeAt"].flatMap { Timestamp(attribute: $0) }
        wanted = attributes["wanted"] ?? ""
        let members = attributes["made"].flatMap { try? JSON.parse(Array($0.utf8)) }?.members ?? []
        made = members.compactMap { member in
            let names = member.name.split(separator: ":").map { String($0) }
            guard names.count == 2, let id = member.value.string else { return nil }
            return Made(kind: WantedSubscriptions.Kind(type: names[0], action: names[1]), id: id)
        }
    }

    var attributes: [String: String] {
        var attributes = ["wanted": wanted]
        attributes["settledAt"] = settledAt?.attribute
        attributes["madeAt"] = madeAt?.attribute
        let members = made.map { JSON.Member("\($0.kind.type):\($0.kind.action)", .string($0.id)) }
        if !members.isEmpty { attributes["made"] = String(decoding: JSON.object(members).text, as: UTF8.self) }
        return attributes
    }

    func isOlder(than time: Timestamp) -> Bool {
        (settledAt.map { $0 < time } ?? true) && (madeAt.map { $0 < time } ?? true)
    }

    func id(of kind: WantedSubscriptions.Kind) -> String? { made.first { $0.kind == kind }?.id }

    mutating func forget(_ kind: WantedSubscriptions.Kind) { made.removeAll { $0.kind == kind } }
}

extension WantedSubscriptions {
    /// Another one for anything else that is wanted, or for another address.
    func digest(url: String) -> String {
        let text = kinds.map { "\($0.type):\($0.action);" }.joined() + url
        return hexadecimal(Array(sha256(Array(text.utf8)).prefix(16)))
    }
}
