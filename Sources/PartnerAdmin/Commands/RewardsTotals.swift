import PartnerCore

extension Command {
    static let rewardsTotals = Command(
        name: ["rewards", "totals"],
        summary: "what was granted, and asked for without an answer, by day, action code and who asked",
        options: Days.options,
        layout: .table([
            .init("day", 10), .init("actionCode", 20), .init("granted", 8), .init("grantedAmount", 13),
            .init("asked", 6), .init("askedAmount", 11), .init("way", 11), .init("name", 0),
        ])
    ) { settings in
        let audit = RewardAudit(RecordStore(reading: &settings))
        return { (arguments, session) throws(AdminError) in
            let days = try Days(arguments)
            var (granted, asked, unreadable) = (RewardTotals.Sum(), RewardTotals.Sum(), 0)
            for index in 0..<days.count {
                // No more than a day's sums are held at once.
                var totals = RewardTotals()
                try eachPage(session) { (start, invocation) throws(StoreError) in
                    try audit.entries(day: days[index], after: start, limit: 100, in: invocation)
                } _: { (page) throws(AdminError) in
                    for entry in page.entries { totals.add(entry) }
                    unreadable += page.unreadable.count
                    session.progress.tell(days[index])
                }
                for row in totals.rows { try session.output.row(row.row) }
                granted.add(totals.total.granted)
                asked.add(totals.total.asked)
            }
            try session.output.summary([
                "granted": .integer(granted.count), "grantedAmount": granted.amount.dollars,
                "asked": .integer(asked.count), "askedAmount": asked.amount.dollars,
                "unreadable": .integer(unreadable),
            ])
        }
    }
}

extension RewardTotals.Row {
    fileprivate var row: JSON {
        var row: JSON = [
            "day": .string(day), "actionCode": .string(actionCode), "granted": .integer(granted.count),
            "grantedAmount": granted.amount.dollars, "asked": .integer(asked.count),
            "askedAmount": asked.amount.dollars, "way": .string(way.rawValue),
        ]
        row.add("name", name.map { .string($0) })
        return row
    }
}
