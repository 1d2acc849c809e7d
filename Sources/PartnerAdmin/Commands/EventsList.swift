import PartnerCore

extension Command {
    static let eventsList = Command(
        name: ["events", "list"], summary: "OwnerRez's events, wherever they are on their way",
        options: EventFilter.options, layout: .table(FoundEvent.columns)
    ) { settings in
        let inbox = EventInbox(RecordStore(reading: &settings))
        return { (arguments, session) throws(AdminError) in
            var listing = inbox.listing(try EventFilter(arguments))
            var count = 0
            while let page = try nextPage(of: &listing, session) {
                for found in page { try session.output.row(found.row) }
                count += page.count
                session.progress.tell("\(count) events")
            }
            try session.output.summary(["events": .integer(count)])
        }
    }

    static let eventsShow = Command(
        name: ["events", "show"], summary: "one event, with what it tells: it holds guests' personal data",
        parameters: [Parameter("ARRIVAL", "by which a list names it; sequence, where it was passed on")]
    ) { settings in
        let inbox = EventInbox(RecordStore(reading: &settings))
        return { (arguments, session) throws(AdminError) in
            var filter = EventFilter()
            filter.arrival = arguments["ARRIVAL"]
            var listing = inbox.listing(filter)
            while let page = try nextPage(of: &listing, session) {
                guard let found = page.first else { continue }
                var row = found.row
                row.add("subject", found.subject.map { .string($0) })
                row.add("event", found.text.map { .string($0) })
                return try session.output.row(row)
            }
            throw .notFound("There is no such event: it has been passed on, or its time is over")
        }
    }

    static func nextPage(of listing: inout EventListing, _ session: Session) throws(AdminError) -> [FoundEvent]? {
        try session.checkTime()
        do throws(StoreError) { return try listing.next(in: session.invocation()) } catch {
            throw .failed(error.functionError)
        }
    }
}
