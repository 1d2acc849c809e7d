import PartnerCore

/// Makes a signed-in user of the app a user of Ownli, once they have accepted Ownli's terms.
///
/// Every step may be repeated: a call that was cut off is completed by the next one.
@main
struct UserOptIn: Function {
    static let about = About(
        name: "user-opt-in", summary: "makes the app's signed-in users, with their consent, users of Ownli")

    private let ownli: OwnliAPI
    private let store: RecordStore
    private let links: UserLinks
    private let consents: Consents
    private let intents: CreationIntents
    private let documents: ConsentDocuments
    private let contactPolicy: ContactPolicy
    var now: @Sendable () -> Timestamp = { .now() }

    init(reading settings: inout SettingsReader) {
        ownli = OwnliAPI(reading: &settings)
        store = RecordStore(reading: &settings)
        links = UserLinks(store)
        consents = Consents(store)
        intents = CreationIntents(store, IdentifierHash(reading: &settings))
        documents = ConsentDocuments(reading: &settings)
        contactPolicy = settings.choice(
            "CONTACT_POLICY", default: "claims", [("claims", .claims), ("verified", .verified)],
            "claims: identity claims fill in and must not be contradicted; verified: they are required")
    }

    var routes: [Route] {
        [Route("POST", "/api/ownli/users", for: .people, optIn), Route("GET", "/api/ownli/users/me", for: .people, me)]
    }

    var probes: [Probe] { [Probe("Ownli gives an admin token", ownli.checkAdminToken), store.probe] }

    @Sendable private func optIn(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        let form = try OptInForm(request.jsonObject())
        let user = try form.user(claimedBy: person, under: contactPolicy)

        // The proof that they agreed comes before anything about them leaves us.
        let consent = Consent(subject: person.subject, documents: documents, acceptedAt: now())
        try storing { () throws(StoreError) in try consents.record(consent, in: invocation) }
        if let link = try link(of: person, in: invocation) { return answer(link) }

        guard user.unverifiedContact.isEmpty else { return try create(user, for: person, in: invocation) }
        let ownliUserID = try ownli.create(user, in: invocation)
        guard let link = try link(person, to: ownliUserID, in: invocation) else {
            throw FunctionError(409, "ALREADY_LINKED", "This Ownli user is linked to another user of ours")
        }
        return answer(link)
    }

    /// Contact data that nobody has verified may make a user, and joins none that is there: it could be a stranger's. Only
    /// whom an attempt of this same person has made, and whose answer was lost, is taken up.
    private func create(
        _ user: NewOwnliUser, for person: Caller.Person, in invocation: Invocation
    ) throws(FunctionError) -> Response {
        let intent = try storing { () throws(StoreError) in
            try intents.begin(user, subject: person.subject, at: now(), in: invocation)
        }
        let creation = ownli.createNew(user, in: invocation)
        // This attempt has made nobody, for sure. What cannot be ended now goes by itself.
        if !creation.mayHaveCreated { try? intents.end(intent, in: invocation) }
        if case .failed(let error, _) = creation { throw error }

        let open = try storing { () throws(StoreError) in
            try intents.open(user, subject: person.subject, in: invocation)
        }
        if let ownliUserID = try id(of: user, creation, open, in: invocation),
            let link = try link(person, to: ownliUserID, ending: open, in: invocation)
        {
            return answer(link)
        }
        // Another call of the same person may have been faster.
        if let link = try link(of: person, in: invocation) { return answer(link) }
        invocation.count("Conflicts")
        throw .contactNotProven(user.unverifiedContact)
    }

    private func id(
        of user: NewOwnliUser, _ creation: OwnliCreation, _ open: [CreationIntent], in invocation: Invocation
    ) throws(FunctionError) -> String? {
        if case .created(let id) = creation { return id }
        return open.isEmpty ? nil : try ownli.user(user, madeBy: open, in: invocation)
    }

    /// - Returns: the link that stands; nil when Ownli's user is linked to another user of ours.
    private func link(
        _ person: Caller.Person, to ownliUserID: String, ending intents: [CreationIntent] = [],
        in invocation: Invocation
    ) throws(FunctionError) -> UserLink? {
        let link = UserLink(subject: person.subject, ownliUserID: ownliUserID, linkedAt: now())
        let outcome = try storing { () throws(StoreError) in
            try links.create(link, ending: intents, in: invocation)
        }
        return switch outcome {
        case .linked(let link), .alreadyLinked(let link): link
        case .takenByAnother: nil
        }
    }

    @Sendable private func me(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let person = try request.person()
        guard let link = try link(of: person, in: invocation) else {
            throw FunctionError(404, "NOT_LINKED", "You have not opted in yet")
        }
        return answer(link)
    }

    private func link(
        of person: Caller.Person, in invocation: Invocation
    ) throws(FunctionError) -> UserLink? {
        try storing { () throws(StoreError) in try links.link(subject: person.subject, in: invocation) }
    }

    private func answer(_ link: UserLink) -> Response {
        .json(
            200, ["ownliUserId": .string(link.ownliUserID), "linkedAt": .string(link.linkedAt.rfc3339)])
    }
}

extension FunctionError {
    /// Says what the person can do, and the same whoever it is that is there.
    fileprivate static func contactNotProven(_ fields: [String]) -> FunctionError {
        FunctionError(
            409, "CONTACT_NOT_PROVEN",
            "\(fields.joined(separator: " and ")): verify with your identity provider that this is yours, then try again"
        )
    }
}
