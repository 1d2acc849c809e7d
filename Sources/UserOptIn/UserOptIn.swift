import PartnerCore

/// Makes a signed-in user of the app a user of Ownli, once they have accepted Ownli's terms, until they withdraw; and asks
/// Ownli for what is theirs. Whoever they are, it tells them what is kept about them.
///
/// Every step may be repeated: a call that was cut off is completed by the next one.
@main
struct UserOptIn: Function {
    static let about = About(
        name: "user-opt-in", summary: "makes the app's signed-in users, with their consent, users of Ownli")

    let ownli: OwnliAPI
    private let store: RecordStore
    private let links: UserLinks
    private let consents: Consents
    private let withdrawals: Withdrawals
    private let intents: CreationIntents
    let exporting: PersonExport
    let cursor: ExportCursor
    private let documents: ConsentDocuments
    private let contactPolicy: ContactPolicy
    var now: @Sendable () -> Timestamp = { .now() }

    init(reading settings: inout SettingsReader) {
        ownli = OwnliAPI(reading: &settings)
        store = RecordStore(reading: &settings)
        links = UserLinks(store)
        consents = Consents(store)
        withdrawals = Withdrawals(store, keptFor: Withdrawal.retention(reading: &settings))
        let hash = IdentifierHash(reading: &settings)
        intents = CreationIntents(store, hash)
        exporting = PersonExport(store, receipts: ConsentReceipts(reading: &settings))
        cursor = ExportCursor(hash)
        documents = ConsentDocuments(reading: &settings)
        contactPolicy = settings.choice(
            "CONTACT_POLICY", default: "claims", [("claims", .claims), ("verified", .verified)],
            "claims: identity claims fill in and must not be contradicted; verified: they are required")
    }

    var routes: [Route] {
        [
            Route("POST", "/api/ownli/users", for: .people, optIn),
            Route("GET", "/api/ownli/users/me", for: .people, me),
            Route("DELETE", "/api/ownli/users/me", for: .people, withdraw),
            Route("GET", "/api/ownli/users/me/export", for: .people, export),
            Route("GET", "/api/ownli/users/me/rewards", for: .people, rewards),
            Route("POST", "/api/ownli/users/me/rewards/claim", for: .people, claim),
        ]
    }

    var probes: [Probe] { [Probe("Ownli gives an admin token", ownli.checkAdminToken), store.probe] }

    var preparations: [Preparation] { [ownli.prepareAdminToken] + store.preparations }

    @Sendable private func optIn(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        let form = try OptInForm(request.jsonObject())
        let user = try form.user(claimedBy: person, under: contactPolicy)

        // The proof that they agreed comes before anything about them leaves us.
        let history = try agree(person.subject, in: invocation)
        if let link = try link(of: person.subject, in: invocation) { return answer(link) }

        guard user.unverifiedContact.isEmpty else { return try create(user, for: history, in: invocation) }
        let ownliUserID = try ownli.create(user, in: invocation)
        guard let link = try link(history, to: ownliUserID, in: invocation) else {
            throw FunctionError(409, "ALREADY_LINKED", "This Ownli user is linked to another user of ours")
        }
        return answer(link)
    }

    private func agree(_ subject: String, in invocation: Invocation) throws(FunctionError) -> ConsentHistory {
        let acceptance = try storing { () throws(StoreError) in
            try consents.record(of: documents, by: subject, at: now(), in: invocation)
        }
        switch acceptance {
        case .accepted(let history): return history
        case .withdrawn: throw .withdrawnMeanwhile
        }
    }

    /// Contact data that nobody has verified may make a user, but joins none that is there: it could be a stranger's.
    /// There are two exceptions: a user whom an earlier attempt of this same person has made, when its answer was lost,
    /// and the one to whom they were linked before they withdrew.
    private func create(
        _ user: NewOwnliUser, for history: ConsentHistory, in invocation: Invocation
    ) throws(FunctionError) -> Response {
        let subject = history.subject
        let intent = try storing { () throws(StoreError) in
            try intents.begin(user, subject: subject, at: now(), in: invocation)
        }
        let creation = ownli.createNew(user, in: invocation)
        // This attempt has made nobody, for sure. What cannot be ended now goes by itself.
        if !creation.mayHaveCreated { try? intents.end(intent, in: invocation) }
        if case .failed(let error, _) = creation { throw error }

        let open = try storing { () throws(StoreError) in try intents.open(user, subject: subject, in: invocation) }
        if let ownliUserID = try id(of: user, creation, open, history, in: invocation),
            let link = try link(history, to: ownliUserID, ending: open, in: invocation)
        {
            return answer(link)
        }
        // Another call of the same person may have been faster.
        if let link = try link(of: subject, in: invocation) { return answer(link) }
        invocation.count("Conflicts")
        throw .contactNotProven(user.unverifiedContact)
    }

    private func id(
        of user: NewOwnliUser, _ creation: OwnliCreation, _ open: [CreationIntent], _ history: ConsentHistory,
        in invocation: Invocation
    ) throws(FunctionError) -> String? {
        if case .created(let id) = creation { return id }
        let former = history.formerOwnliUserIDs
        guard !open.isEmpty || !former.isEmpty else { return nil }
        return try ownli.user(user, madeBy: open, orFormerly: former, in: invocation)
    }

    /// - Returns: the link that stands; nil when Ownli's user is linked to another user of ours.
    private func link(
        _ history: ConsentHistory, to ownliUserID: String, ending intents: [CreationIntent] = [],
        in invocation: Invocation
    ) throws(FunctionError) -> UserLink? {
        let link = UserLink(subject: history.subject, ownliUserID: ownliUserID, linkedAt: now())
        let outcome = try storing { () throws(StoreError) in
            try links.create(link, agreedIn: history, ending: intents, in: invocation)
        }
        switch outcome {
        case .linked(let link), .alreadyLinked(let link): return link
        case .takenByAnother: return nil
        case .withdrawn: throw .withdrawnMeanwhile
        }
    }

    /// Ends their consent and the link. Ownli has nothing to be told: its reference knows no way to remove a user.
    @Sendable private func withdraw(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        let outcome = try storing { () throws(StoreError) in
            try withdrawals.withdraw(subject: person.subject, at: now(), in: invocation)
        }
        switch outcome {
        case .withdrawn: invocation.count("Withdrawals")
        case .alreadyWithdrawn: break
        case .neverOptedIn: throw .notLinked
        }
        return Response(status: 204, headers: ["Cache-Control": "no-store"])
    }

    @Sendable private func me(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        try answer(linked(request, in: invocation))
    }

    /// The link of whoever sent a request.
    func linked(_ request: Request, in invocation: Invocation) throws(FunctionError) -> UserLink {
        guard let link = try link(of: request.person().subject, in: invocation) else { throw .notLinked }
        return link
    }

    private func link(of subject: String, in invocation: Invocation) throws(FunctionError) -> UserLink? {
        try storing { () throws(StoreError) in try links.link(subject: subject, in: invocation) }
    }

    private func answer(_ link: UserLink) -> Response {
        .json(
            200, ["ownliUserId": .string(link.ownliUserID), "linkedAt": .string(link.linkedAt.rfc3339)])
    }
}

extension FunctionError {
    fileprivate static let notLinked = FunctionError(404, "NOT_LINKED", "You have not opted in yet")

    fileprivate static let withdrawnMeanwhile = FunctionError(
        409, "CONSENT_WITHDRAWN", "You have withdrawn your consent meanwhile: agree again to opt in")

    /// Says what the person can do, and the same whoever it is that is there.
    fileprivate static func contactNotProven(_ fields: [String]) -> FunctionError {
        FunctionError(
            409, "CONTACT_NOT_PROVEN",
            "\(fields.joined(separator: " and ")): verify with your identity provider that this is yours, then try again"
        )
    }
}
