/// Looks through an account's lists for what has changed since the last time, and tells of what no webhook has told of.
struct Reconcile: Sendable {
    /// What became of a list.
    enum Outcome: Sendable, Equatable {
        /// All that changed before this has been told of.
        case upTo(Timestamp)
        /// OwnerRez wants an agreement for it.
        case leftAlone
        /// It cannot be read on from here, which has been logged and counted. It begins anew the next time.
        case unreadable(since: Timestamp)
    }

    let store: RecordStore
    let inbox: EventInbox
    let lists: [ReconciledList]
    let backfillSince: Timestamp?
    let wanted: WantedSubscriptions
    let now: @Sendable () -> Timestamp

    /// How far two clocks may be apart.
    static let clockSkewSeconds = 600
    private static let agreementSeconds = 86_400
    /// A connection that nobody looks after any more is forgotten, and so are its checkpoints.
    private static let memorySeconds = 90 * 86_400
    /// What a page needs as a rule, so that the platform does not end the process over it.
    private static let reservedMilliseconds = 5_000

    /// - Parameter missed: is counted up by what a webhook should have told of.
    func run(
        _ list: ReconciledList, over api: AccountAPI, graceSeconds: Int, missed: inout Int, in invocation: Invocation
    ) throws(UpkeepInterruption) -> Outcome {
        let connection = api.connection
        var place = try OwnRecord(
            Checkpoint.key(connection.account.id, list), Checkpoint.schema, in: store, invocation)
        var checkpoint =
            place.record.flatMap { Checkpoint($0, of: connection.subject) }
            ?? Checkpoint(of: connection, since: backfillSince)
        if let until = checkpoint.leftAloneUntil, until > now() { return .leftAlone }
        checkpoint.leftAloneUntil = nil
        while true {
            try haveTime(in: invocation)
            let address = checkpoint.listing?.page ?? list.firstPage(since: checkpoint.since)
            let response = try api.get(address, in: invocation)
            guard response.status != 403 else {
                checkpoint.listing = nil
                checkpoint.leftAloneUntil = now().adding(seconds: Self.agreementSeconds)
                try write(checkpoint, to: &place, in: invocation)
                return .leftAlone
            }
            let page: ListPage
            do throws(ListPage.Problem) { page = try ListPage(response, at: address, of: api.baseURL) } catch {
                return try giveUp(checkpoint, of: list, error, &place, in: invocation)
            }
            var listing = checkpoint.listing ?? Checkpoint.Listing(from: address, at: start(by: response.date))
            listing.page = address
            checkpoint.listing = listing
            var telling = Telling(list, of: connection, from: checkpoint, graceSeconds: graceSeconds)
            try telling.tell(page.rows, by: self, in: invocation)
            missed += telling.missed
            let step: Checkpoint.Step
            do throws(ListPage.Problem) {
                step = try checkpoint.note(
                    telling.entities, found: telling.found, next: page.next, of: list, graceSeconds: graceSeconds)
            } catch {
                return try giveUp(checkpoint, of: list, error, &place, in: invocation)
            }
            try write(checkpoint, to: &place, in: invocation)
            guard step == .nextPage else { return .upTo(checkpoint.since) }
        }
    }

    func haveTime(in invocation: Invocation) throws(UpkeepInterruption) {
        guard invocation.deadline.remainingMilliseconds > Self.reservedMilliseconds else { throw .outOfTime }
    }

    /// OwnerRez's clock, which rows are dated by, wherever that of an answer can be one; else ours, and a little earlier.
    private func start(by date: Timestamp?) -> Timestamp {
        let now = now()
        guard let date else { return now.adding(seconds: -Self.clockSkewSeconds) }
        return min(date, now.adding(seconds: Self.clockSkewSeconds))
    }

    private func write(
        _ checkpoint: Checkpoint, to place: inout OwnRecord, in invocation: Invocation
    ) throws(UpkeepInterruption) {
        let expires = now().adding(seconds: Self.memorySeconds)
        try place.write(checkpoint.attributes, expires: expires, in: invocation)
    }

    private func giveUp(
        _ checkpoint: Checkpoint, of list: ReconciledList, _ problem: ListPage.Problem, _ place: inout OwnRecord,
        in invocation: Invocation
    ) throws(UpkeepInterruption) -> Outcome {
        invocation.count("ReconcileFailed")
        invocation.log.write(
            .error, "a list of OwnerRez's cannot be looked through", requestID: invocation.requestID,
            [JSON.Member("list", .string(list.rawValue)), JSON.Member("reason", .string(problem.description))])
        var checkpoint = checkpoint
        checkpoint.listing = nil
        try write(checkpoint, to: &place, in: invocation)
        return .unreadable(since: checkpoint.since)
    }
}

extension Checkpoint {
    /// Of a connection that is looked after for the first time: it begins where it was connected, or where schedules came to
    /// know of it.
    fileprivate init(of connection: Connection, since: Timestamp?) {
        let begin = connection.watchedSince.adding(seconds: -Reconcile.clockSkewSeconds)
        self.init(subject: connection.subject, since: since ?? begin)
    }
}

extension Connection {
    /// What changed earlier no webhook had to tell us of.
    var watchedSince: Timestamp { max(connectedAt, listedAt ?? connectedAt) }
}
