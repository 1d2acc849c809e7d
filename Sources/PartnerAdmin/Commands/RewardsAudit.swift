import PartnerCore

extension Command {
    static let rewardsAudit = Command(
        name: ["rewards", "audit"], summary: "the rewards that were asked for, by day or by user: who asked for what",
        options: Days.options + [Option("--user", "ID", "all that one user was to get, by Ownli's id")],
        layout: .table([
            .init("askedAt", 24), .init("state", 10), .init("userId", 24), .init("amount", 8), .init("actionCode", 20),
            .init("clientReference", 20), .init("rewardId", 24), .init("way", 11), .init("name", 40), .init("id", 36),
            .init("reason", 0),
        ])
    ) { settings in
        let audit = RewardAudit(RecordStore(reading: &settings))
        return { (arguments, session) throws(AdminError) in
            var (count, unreadable) = (0, 0)
            func show(_ page: RewardAudit.Page) throws(AdminError) {
                for entry in page.entries { try session.output.row(entry.row) }
                for record in page.unreadable { try session.output.row(record.rewardRow) }
                count += page.entries.count
                unreadable += page.unreadable.count
                session.progress.tell("\(count) rewards")
            }
            if let user = arguments.option("--user") {
                guard !Days.options.contains(where: { arguments.has($0.name) }) else {
                    throw .usage("--user, or days")
                }
                try eachPage(session) { (start, invocation) throws(StoreError) in
                    try audit.entries(ownliUserID: user, after: start, limit: 100, in: invocation)
                } _: { (page) throws(AdminError) in
                    try show(page)
                }
            } else {
                let days = try Days(arguments)
                for index in 0..<days.count {
                    try eachPage(session) { (start, invocation) throws(StoreError) in
                        try audit.entries(day: days[index], after: start, limit: 100, in: invocation)
                    } _: { (page) throws(AdminError) in
                        try show(page)
                    }
                }
            }
            try session.output.summary(["rewards": .integer(count), "unreadable": .integer(unreadable)])
        }
    }

    static func eachPage(
        _ session: Session, _ read: (_ start: String?, Invocation) throws(StoreError) -> RewardAudit.Page,
        _ take: (RewardAudit.Page) throws(AdminError) -> Void
    ) throws(AdminError) {
        var start: String?
        repeat {
            try session.checkTime()
            let page = try keeping { () throws(StoreError) in try read(start, session.invocation()) }
            if !page.unreadable.isEmpty { session.tellOfTrouble() }
            try take(page)
            start = page.next
        } while start != nil
    }
}

extension UnreadableRecord {
    /// By its place in the day, which holds the time, the action code and the reference.
    fileprivate var rewardRow: JSON {
        ["state": "unreadable", "id": .string(key.sort), "reason": .string(reason)]
    }
}

extension RewardEntry {
    fileprivate var row: JSON {
        var row: JSON = [
            "askedAt": .string(askedAt.rfc3339), "state": .string(state.rawValue), "userId": .string(request.userID),
            "amount": request.amount.dollars, "actionCode": .string(request.actionCode),
            "clientReference": .string(request.clientReference),
        ]
        row.add("rewardId", rewardID.map { .string($0) })
        row.add("way", .string(origin.way.rawValue))
        row.add("name", origin.name.map { .string($0) })
        row.add("id", .string(origin.id))
        return row
    }
}
