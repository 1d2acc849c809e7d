import PartnerCore

extension Command {
    static let personErase = Command(
        name: ["person", "erase"],
        summary: "erases one of your users: all goes but what proves consent and money, and that without them",
        parameters: [Parameter("SUBJECT", "your user's id, the claim sub")],
        options: [
            Option(
                "--even-if-not-revoked",
                "forgets connections that OwnerRez cannot be told of; they have to be ended there")
        ],
        layout: .table([
            .init("what", 24), .init("id", 24), .init("count", 6), .init("became", 36), .init("until", 24),
        ]), changesData: true
    ) { settings in
        let store = RecordStore(reading: &settings)
        let hash = IdentifierHash(reading: &settings)
        let trail = OperatorTrail(store, hash)
        let erasure = Erasure(
            store, hash, Disconnections.ifConfigured(reading: &settings, store),
            consentsKeptFor: Withdrawal.retention(reading: &settings),
            rewardsKeptFor: RewardEntry.retention(reading: &settings))
        return { (arguments, session) throws(AdminError) in
            let findings = try working { () throws(FunctionError) in
                try erasure.find(arguments["SUBJECT"], in: session.longWork)
            }
            // Before anything goes that leads there.
            for line in findings.elsewhere { try session.output.row(row(line)) }
            try trail.record(session, of: arguments["SUBJECT"]) { (counts) throws(AdminError) in
                let report = try working { () throws(FunctionError) in
                    try erasure.run(
                        findings, isForced: arguments.has("--even-if-not-revoked"), isDryRun: session.isDryRun,
                        in: session.longWork)
                }
                for each in report.counts { counts.add(each.name, each.count) }
                for line in report.lines { try session.output.row(row(line)) }
            }
        }
    }

    private static func row(_ line: ErasureReport.Line) -> JSON {
        var row: JSON = ["what": .string(line.what)]
        row.add("id", line.id.map { .string($0) })
        row.add("count", line.count.map { .integer($0) })
        row.add("became", .string(line.became))
        row.add("until", line.until.map { .string($0) })
        return row
    }
}
