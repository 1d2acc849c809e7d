import PartnerCore

extension Command {
    static let tokensReseal = Command(
        name: ["tokens", "reseal"],
        summary: "seals all stored tokens under the first of TOKEN_ENCRYPTION_KEYS; rows tell which cannot be read",
        layout: .table([.init("account", 12), .init("reason", 60)]), changesData: true, partner: .ownerRez
    ) { settings in
        let store = RecordStore(reading: &settings)
        let trail = OperatorTrail(store, IdentifierHash(reading: &settings))
        let prepared = TokenReseal(store, TokenSealer(reading: &settings))
        return { (_, session) throws(AdminError) in
            var reseal = prepared
            reseal.isDryRun = session.isDryRun
            try trail.record(session) { (counts) throws(AdminError) in
                while !reseal.isDone {
                    try session.checkTime()
                    try step(&reseal, counts, session)
                }
            }
            guard reseal.left == 0 else {
                throw .incomplete("\(reseal.left) connections were changed by others meanwhile: run it again")
            }
            if reseal.unreadableCount > 0 { session.tellOfTrouble() }
            try session.output.summary([
                "resealed": .integer(reseal.resealed), "sealedBefore": .integer(reseal.sealedBefore),
                "unreadable": .integer(reseal.unreadableCount), "dryRun": .bool(session.isDryRun),
            ])
        }
    }

    private static func step(
        _ reseal: inout TokenReseal, _ counts: OperatorTrail.Counts, _ session: Session
    ) throws(AdminError) {
        let before = reseal.resealed
        defer { counts.add("resealed", reseal.resealed - before) }
        try keeping { () throws(StoreError) in try reseal.step(in: session.invocation()) }
        for each in reseal.unreadable {
            try session.output.row(["account": .string(each.account), "reason": .string(each.reason)])
        }
        let done = reseal.resealed + reseal.sealedBefore + reseal.unreadableCount
        session.progress.tell("\(done) connections")
    }
}
