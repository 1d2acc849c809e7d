import PartnerCore

extension Command {
    static let storeMigrate = Command(
        name: ["store", "migrate"],
        summary: "brings what earlier builds have written to the shape of this one; rows tell what cannot be read",
        layout: .table([.init("partition", 40), .init("sort", 40), .init("reason", 60)]), changesData: true
    ) { settings in
        let store = RecordStore(reading: &settings)
        let trail = OperatorTrail(store, IdentifierHash(reading: &settings))
        let prepared = StoreMigration(reading: &settings, store)
        return { (_, session) throws(AdminError) in
            var migration = prepared
            migration.isDryRun = session.isDryRun
            try trail.record(session) { (counts) throws(AdminError) in
                while !migration.isDone {
                    try session.checkTime()
                    try step(&migration, counts, session)
                }
            }
            guard migration.left == 0 else {
                throw .incomplete("\(migration.left) records were changed by others meanwhile: run it again")
            }
            if migration.unreadableCount > 0 { session.tellOfTrouble() }
            try session.output.summary(summary(of: migration))
        }
    }

    private static func step(
        _ migration: inout StoreMigration, _ counts: OperatorTrail.Counts, _ session: Session
    ) throws(AdminError) {
        let kinds = StoreMigration.Kind.allCases
        let before = kinds.map { migration.count($0).all }
        defer {
            for (kind, before) in zip(kinds, before) { counts.add(kind.rawValue, migration.count(kind).all - before) }
        }
        try keeping { () throws(StoreError) in try migration.step(in: session.invocation()) }
        for each in migration.unreadable {
            try session.output.row([
                "partition": .string(each.key.partition), "sort": .string(each.key.sort),
                "reason": .string(each.reason),
            ])
        }
        let seen = migration.seen
        session.progress.tell("\(seen) records")
    }

    private static func summary(of migration: StoreMigration) -> JSON {
        var summary: JSON = ["records": .integer(migration.seen)]
        for kind in StoreMigration.Kind.allCases {
            summary.add(kind.rawValue, .integer(migration.count(kind).migrated))
            summary.add(kind.rawValue + "Removed", .integer(migration.count(kind).removed))
        }
        summary.add("unreadable", .integer(migration.unreadableCount))
        summary.add("dryRun", .bool(migration.isDryRun))
        return summary
    }
}
