import PartnerCore

extension Command {
    static let eventsRedrive = Command(
        name: ["events", "redrive"],
        summary: "has events go on that were given up (all of them unless told otherwise), or that wait",
        options: [Option("--arrival", "ARRIVAL", "only this one")] + EventFilter.options,
        layout: .table([.init("outcome", 8)] + FoundEvent.columns), changesData: true
    ) { settings in
        let store = RecordStore(reading: &settings)
        let trail = OperatorTrail(store, IdentifierHash(reading: &settings))
        let inbox = EventInbox(store)
        return { (arguments, session) throws(AdminError) in
            var filter = try EventFilter(arguments)
            filter.arrival = arguments.option("--arrival")
            if filter.arrival == nil, !arguments.has("--state") { filter.states = [.givenUp] }
            var listing = inbox.listing(filter)
            var isEmpty = true
            try trail.record(session) { (counts) throws(AdminError) in
                while let page = try nextPage(of: &listing, session) {
                    guard !page.isEmpty else { continue }
                    isEmpty = false
                    try redrive(page, of: inbox, counts, session)
                    // There is one with an arrival, and what is redriven would be found once more.
                    if filter.arrival != nil { break }
                }
            }
            guard !isEmpty || filter.arrival == nil else { throw .notFound("There is no such event") }
        }
    }

    private static func redrive(
        _ page: [FoundEvent], of inbox: EventInbox, _ counts: OperatorTrail.Counts, _ session: Session
    ) throws(AdminError) {
        var done: [(found: FoundEvent, outcome: EventRedrive.Outcome)] = []
        var failure: StoreError?
        if session.isDryRun {
            done = page.map { ($0, EventRedrive.prospect(of: $0)) }
        } else {
            do throws(StoreError) {
                try EventRedrive(inbox).redrive(page, in: session.invocation()) { done.append(($0, $1)) }
            } catch { failure = error }
        }
        for (_, outcome) in done { counts.add(outcome.rawValue) }
        session.progress.tell(String(decoding: counts.json.text, as: UTF8.self))
        for (found, outcome) in done {
            var row: JSON = ["outcome": .string(outcome.rawValue)]
            for member in found.row.members ?? [] { row.add(member.name, member.value) }
            try session.output.row(row)
        }
        switch failure {
        case nil: break
        case .timedOut: throw .incomplete("Others pass events on all the time: run it again")
        case let error?: throw .failed(error.functionError)
        }
    }
}
