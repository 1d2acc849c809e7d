/// Tells of the rows of a page, as far as nobody has told of them.
struct Telling {
    /// Of all rows, in their order.
    private(set) var entities: [String] = []
    /// What was new.
    private(set) var found = 0
    /// Of that, what a webhook should have told of.
    private(set) var missed = 0

    private let list: ReconciledList
    private let connection: Connection
    private let since: Timestamp
    /// What changed later is left to the next listing.
    private let cut: Timestamp

    init(_ list: ReconciledList, of connection: Connection, from checkpoint: Checkpoint, graceSeconds: Int) {
        self.list = list
        self.connection = connection
        since = checkpoint.since
        cut = (checkpoint.listing?.start ?? checkpoint.since).adding(seconds: -graceSeconds)
    }

    mutating func tell(
        _ rows: [JSON], by reconcile: Reconcile, in invocation: Invocation
    ) throws(UpkeepInterruption) {
        var (withoutID, tooLarge) = (0, 0)
        for json in rows {
            guard let row = ListRow(json, in: list, of: connection.account.id) else {
                withoutID += 1
                continue
            }
            entities.append(row.entity)
            if let changed = row.changed, changed > cut { continue }
            guard row.row.event.text.utf8.count <= OwnerRezEvent.largestBody else {
                tooLarge += 1
                continue
            }
            try reconcile.haveTime(in: invocation)
            let became = try keeping { () throws(StoreError) in
                try reconcile.inbox.acceptReconciled(
                    row.row, toldSince: since.adding(seconds: -Reconcile.clockSkewSeconds), in: invocation)
            }
            guard became != .known else { continue }
            found += 1
            count(row, isMissed: became == .appended && list.isTold(by: reconcile.wanted), in: invocation)
        }
        skip(withoutID, since: "they have no id", in: invocation)
        skip(tooLarge, since: "they are too large for an event", in: invocation)
    }

    private mutating func count(_ row: ListRow, isMissed: Bool, in invocation: Invocation) {
        if (row.changed ?? since) < connection.watchedSince {
            invocation.count("EventsBackfilled")
        } else if isMissed {
            invocation.count("EventsMissedByWebhook")
            missed += 1
        } else {
            invocation.count("EventsReconciled")
        }
    }

    private func skip(_ count: Int, since reason: String, in invocation: Invocation) {
        guard count > 0 else { return }
        invocation.count("ReconcileFailed", by: count)
        invocation.log.write(
            .error, "rows of a list of OwnerRez's are passed over", requestID: invocation.requestID,
            [
                JSON.Member("list", .string(list.rawValue)), JSON.Member("rows", .integer(count)),
                JSON.Member("reason", .string(reason)),
            ])
    }
}
