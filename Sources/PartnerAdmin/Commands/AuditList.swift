import PartnerCore

extension Command {
    static let auditList = Command(
        name: ["audit", "list"], summary: "what was done with this tool on a day, by whom",
        options: [Days.one],
        layout: .table([
            .init("at", 24), .init("by", 16), .init("command", 18), .init("state", 7), .init("counts", 30),
            .init("subjectHash", 64), .init("requestId", 32),
        ])
    ) { settings in
        let store = RecordStore(reading: &settings)
        return { (arguments, session) throws(AdminError) in
            let day = try Days(arguments)[0]
            var last: String?
            repeat {
                let page = try keeping { () throws(StoreError) in
                    try store.list(
                        partition: OperatorTrail.partition(ofDay: day), after: last, limit: 100,
                        in: session.invocation())
                }
                for record in page { try session.output.row(row(record)) }
                last = page.count == 100 ? page.last?.key.sort : nil
            } while last != nil
        }
    }

    private static func row(_ record: Record) -> JSON {
        var row: JSON = [
            "at": .string(record.key.sort.split(separator: "#").first.map { String($0) } ?? record.key.sort)
        ]
        for name in ["by", "command", "state", "subjectHash", "requestId"] {
            row.add(name, record.attributes[name].map { .string($0) })
        }
        row.add("counts", record.attributes["counts"].flatMap { try? JSON.parse(Array($0.utf8)) })
        return row
    }
}
