import PartnerCore

extension Command {
    static let connectionsList = Command(
        name: ["connections", "list"], summary: "who has connected which OwnerRez account, and how it stands",
        options: [Option("--all", "those too that no schedule knows of: reads the whole store")],
        layout: .table([
            .init("account", 12), .init("subject", 36), .init("connectedAt", 24), .init("revokedAt", 24),
            .init("refreshFailedAt", 24), .init("reached", 24), .init("keyId", 8), .init("reason", 0),
        ])
    ) { settings in
        let list = ConnectionList(RecordStore(reading: &settings))
        return { (arguments, session) throws(AdminError) in
            if arguments.has("--all") {
                var next: RecordKey?
                repeat {
                    try session.checkTime()
                    let page = try keeping { () throws(StoreError) in
                        try list.scan(after: next, in: session.invocation())
                    }
                    try show(page, session)
                    next = page.next
                } while next != nil
            } else {
                var next: String?
                repeat {
                    try session.checkTime()
                    let page = try keeping { () throws(StoreError) in
                        try list.page(after: next, in: session.invocation())
                    }
                    try show(page, session)
                    next = page.next
                } while next != nil
            }
        }
    }

    private static func show<Position>(
        _ page: ConnectionList.Page<Position>, _ session: Session
    ) throws(AdminError) {
        for entry in page.entries { try session.output.row(entry.json) }
        for entry in page.unreadable {
            session.tellOfTrouble()
            try session.output.row(["account": .string("\(entry.account)"), "reason": .string(entry.reason)])
        }
    }
}

extension ConnectionList.Entry {
    fileprivate var json: JSON {
        func time(_ time: Timestamp?) -> JSON { time.map { .string($0.rfc3339) } ?? .null }
        return [
            "account": .string("\(account)"), "subject": .string(subject), "connectedAt": time(connectedAt),
            "revokedAt": time(revokedAt), "refreshFailedAt": time(refreshFailedAt), "reached": time(reached),
            "keyId": keyID.map { .string($0) } ?? .null, "listed": .bool(isListed),
        ]
    }
}
