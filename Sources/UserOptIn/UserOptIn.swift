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
    private let documents: ConsentDocuments
    private let contactPolicy: ContactPolicy
    var now: @Sendable () -> Timestamp = { .now() }

    init(reading settings: inout SettingsReader) {
        ownli = OwnliAPI(reading: &settings)
        store = RecordStore(reading: &settings)
        links = UserLinks(store)
        consents = Consents(store)
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

        let ownliUserID = try ownli.create(user, in: invocation)
        let link = UserLink(subject: person.subject, ownliUserID: ownliUserID, linkedAt: now())
        switch try storing({ () throws(StoreError) in try links.create(link, in: invocation) }) {
        case .linked(let link), .alreadyLinked(let link): return answer(link)
        case .takenByAnother:
            throw FunctionError(409, "ALREADY_LINKED", "This Ownli user is linked to another user of ours")
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
