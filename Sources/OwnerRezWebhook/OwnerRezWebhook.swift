import PartnerCore

/// Takes OwnerRez's webhooks. An event is stored durably, once, and then answered; revoked connections are removed, and
/// events passed on to where the company wants them, while OwnerRez waits no longer.
@main
struct OwnerRezWebhook: Function {
    static let about = About(
        name: "ownerrez-webhook", summary: "stores OwnerRez's webhooks, and passes them on", directInputHas: ["passOn"])

    private let credentials: BasicCredentials
    private let store: RecordStore
    private let inbox: EventInbox
    private let relay: EventRelay
    private let schedules: AllowedCallers

    init(reading settings: inout SettingsReader) {
        credentials = BasicCredentials("OWNERREZ_WEBHOOK", realm: "ownerrez-webhook", shortest: 16, reading: &settings)
        store = RecordStore(reading: &settings)
        inbox = EventInbox(store, keptFor: EventRetention(reading: &settings))
        let connections = Connections(store, TokenSealer(reading: &settings))
        let tokens = ConnectionTokens(store, connections, OwnerRezTokenEndpoint(reading: &settings))
        relay = EventRelay(
            inbox, to: EventTarget(reading: &settings), as: EventFormat(reading: &settings), Revocations(tokens))
        schedules = AllowedCallers(
            "OWNERREZ_SCHEDULE_CALLERS", to: "have scheduled work of OwnerRez's done", reading: &settings)
    }

    var routes: [Route] {
        let webhook = Route(
            "POST", "/webhooks/ownerrez", for: .holders(credentials.admit), takes: OwnerRezEvent.largestBody, accept)
        // Without that route there is nobody to be identified.
        guard !schedules.isEmpty else { return [webhook] }
        return [webhook, Route("POST", "/api/ownerrez/leftovers", for: .services, passOnLeftovers)]
    }

    var probes: [Probe] { [store.probe] }

    var preparations: [Preparation] { store.preparations }

    /// OwnerRez waits for two seconds and disables a webhook that fails too often, so there is one call to the store
    /// before the answer, and nothing else. It sends again what was answered with an error.
    @Sendable private func accept(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let event: OwnerRezEvent
        do throws(FunctionError) { event = try OwnerRezEvent(request) } catch {
            // OwnerRez sends it in no other form, so it is lost.
            invocation.count("WebhookNotTaken")
            throw error
        }
        let acceptance = try storing { () throws(StoreError) in try inbox.accept(event, in: invocation) }
        invocation.count(acceptance == .accepted ? "EventsAccepted" : "EventsDuplicate")
        invocation.afterwards { passOn(after: event, in: invocation) }
        return .json(200, ["accepted": true])
    }

    /// By a schedule that calls over HTTP.
    @Sendable private func passOnLeftovers(
        _ request: Request, _ invocation: Invocation
    ) throws(FunctionError) -> Response {
        let caller = try schedules.admit(request.caller)
        return try .json(
            200, process(.null, from: Origin(.http, name: caller, id: invocation.requestID), in: invocation))
    }

    /// By a schedule, for what was left.
    func process(_ input: JSON, from origin: Origin, in invocation: Invocation) throws(FunctionError) -> JSON {
        let outcome = try storing { () throws(StoreError) in try relay.passOnAll(in: invocation) }
        invocation.count("EventsWaiting", by: outcome.waiting)
        return [
            "passedOn": .integer(outcome.passedOn), "givenUp": .integer(outcome.givenUp),
            "waiting": .integer(outcome.waiting),
        ]
    }

    /// Nobody is there any more to be told what went wrong, so it is said in the log.
    private func passOn(after event: OwnerRezEvent, in invocation: Invocation) {
        do throws(StoreError) {
            let outcome = try relay.passOn(after: event, in: invocation)
            invocation.count("EventsWaiting", by: outcome.waiting)
        } catch {
            invocation.report(error.functionError)
        }
    }
}
