import PartnerCore

extension Command {
    static let connectionsDisconnect = Command(
        name: ["connections", "disconnect"],
        summary: "ends a connection at OwnerRez and here, as its owner could in the app",
        parameters: [Parameter("ACCOUNT", "an account's id")], changesData: true, partner: .ownerRez
    ) { settings in
        let store = RecordStore(reading: &settings)
        let trail = OperatorTrail(store, IdentifierHash(reading: &settings))
        let disconnections = Disconnections(reading: &settings, store)
        let list = ConnectionList(store)
        return { (arguments, session) throws(AdminError) in
            let account = try accountID(arguments["ACCOUNT"])
            let entry = try keeping { () throws(StoreError) in
                try list.entry(account: account, in: session.invocation())
            }
            guard let entry else { throw .notFound("Nobody has connected this account") }
            try trail.record(session, of: entry.subject) { (counts) throws(AdminError) in
                guard !session.isDryRun else { return }
                let isEnded = try working { () throws(FunctionError) in
                    try patiently(session) { (invocation) throws(FunctionError) in
                        try disconnections.disconnect(account: account, subject: entry.subject, in: invocation)
                    }
                }
                if isEnded { counts.add("disconnected") }
            }
            try session.output.row([
                "account": .string("\(account)"), "subject": .string(entry.subject),
                "disconnected": .bool(!session.isDryRun),
            ])
        }
    }
}
