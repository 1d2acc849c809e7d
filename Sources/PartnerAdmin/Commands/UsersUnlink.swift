import PartnerCore

extension Command {
    static let usersUnlink = Command(
        name: ["users", "unlink"],
        summary: "takes the link between your user and Ownli's away, both ways; what they agreed to stays",
        parameters: [Parameter("SUBJECT", "your user's id, the claim sub")], changesData: true
    ) { settings in
        let store = RecordStore(reading: &settings)
        let trail = OperatorTrail(store, IdentifierHash(reading: &settings))
        let links = UserLinks(store)
        return { (arguments, session) throws(AdminError) in
            let subject = arguments["SUBJECT"]
            let link = try keeping { () throws(StoreError) in
                try links.link(subject: subject, in: session.invocation())
            }
            guard let link else { throw .notFound("This user is not linked") }
            try trail.record(session, of: subject) { (counts) throws(AdminError) in
                guard !session.isDryRun else { return }
                let isEnded = try keeping { () throws(StoreError) in try links.end(link, in: session.invocation()) }
                if isEnded { counts.add("unlinked") }
            }
            try session.output.row([
                "subject": .string(subject), "ownliUserId": .string(link.ownliUserID),
                "unlinked": .bool(!session.isDryRun),
            ])
        }
    }
}
