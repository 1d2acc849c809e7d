import PartnerCore

extension Command {
    static let usersShow = Command(
        name: ["users", "show"], summary: "whom one of your users is linked to, and what they have agreed to",
        parameters: [Parameter("SUBJECT", "your user's id, the claim sub")]
    ) { settings in
        let store = RecordStore(reading: &settings)
        let (links, consents) = (UserLinks(store), Consents(store))
        return { (arguments, session) throws(AdminError) in
            let subject = arguments["SUBJECT"]
            let (link, history) = try keeping { () throws(StoreError) in
                (
                    try links.link(subject: subject, in: session.invocation()),
                    try consents.history(subject: subject, in: session.invocation())
                )
            }
            guard link != nil || !history.consents.isEmpty || !history.withdrawals.isEmpty else {
                throw .notFound("Nothing is known of this user")
            }
            try session.output.row([
                "subject": .string(subject), "ownliUserId": link.map { .string($0.ownliUserID) } ?? .null,
                "linkedAt": link.map { .string($0.linkedAt.rfc3339) } ?? .null,
                "agreedTo": .array(history.standing.map { .string($0.documents.version) }),
                "agreedAt": history.standing.first.map { .string($0.acceptedAt.rfc3339) } ?? .null,
                "withdrawnAt": .array(history.withdrawals.map { .string($0.withdrawnAt.rfc3339) }),
            ])
        }
    }
}
