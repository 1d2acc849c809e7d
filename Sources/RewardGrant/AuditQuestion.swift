import PartnerCore

/// Which rewards somebody wants to see: `?day=2026-11-26[&after=..]`, or `?actionCode=..&clientReference=..`.
enum AuditQuestion {
    case day(String, after: String?)
    case reward(actionCode: String, clientReference: String)

    private static let pageSize = 100

    init(_ query: QueryItems) throws(FunctionError) {
        let day = try query.single("day")
        let actionCode = try query.single("actionCode")
        let reference = try query.single("clientReference")
        switch (day, actionCode, reference) {
        case (let day?, nil, nil) where isDay(day):
            let after = try query.single("after")
            guard after.map({ (1...1_024).contains($0.utf8.count) }) ?? true else {
                throw .parameter("after", "what the page before gives as next")
            }
            self = .day(day, after: after)
        case (nil, let actionCode?, let reference?):
            try RewardOrder.check(actionCode: actionCode)
            try RewardOrder.check(clientReference: reference)
            self = .reward(actionCode: actionCode, clientReference: reference)
        default: throw .parameter("day", "either day, like 2026-11-26, or actionCode and clientReference")
        }
    }

    func answer(from rewards: RewardAudit, in invocation: Invocation) throws(FunctionError) -> JSON {
        try storing { () throws(StoreError) in
            switch self {
            case .day(let day, let start):
                let page = try rewards.entries(day: day, after: start, limit: Self.pageSize, in: invocation)
                var json: JSON = ["rewards": .array(try page.all().map { $0.json })]
                json.add("next", page.next.map { .string($0) })
                return json
            case .reward(let actionCode, let reference):
                let entry = try rewards.entry(actionCode: actionCode, clientReference: reference, in: invocation)
                return ["rewards": .array(entry.map { [$0.json] } ?? [])]
            }
        }
    }
}

/// `2026-11-26`
private func isDay(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count == 10
        && bytes.enumerated().allSatisfy { [4, 7].contains($0) ? $1 == UInt8(ascii: "-") : (48...57).contains($1) }
}

extension RewardEntry {
    fileprivate var json: JSON {
        var askedBy: JSON = ["way": .string(origin.way.rawValue)]
        askedBy.add("name", origin.name.map { .string($0) })
        askedBy.add("id", .string(origin.id))
        var json: JSON = [
            "userId": .string(request.userID), "amount": request.amount.dollars,
            "actionCode": .string(request.actionCode), "clientReference": .string(request.clientReference),
            "state": .string(state.rawValue), "askedAt": .string(askedAt.rfc3339), "askedBy": askedBy,
        ]
        json.add("rewardId", rewardID.map { .string($0) })
        return json
    }
}
