/// Brings an account's subscriptions at OwnerRez to what is wanted. They are ours by our address alone; others' are never
/// touched.
///
/// A process that is killed at it leaves some too few, or one too many. The next one finds that: until a list has shown
/// what is wanted, nothing else counts.
struct Subscriptions: Sendable {
    let store: RecordStore
    let wanted: WantedSubscriptions
    let webhookURL: String
    let now: @Sendable () -> Timestamp

    private static let path = "/v2/webhooksubscriptions"
    /// Deliveries that stop are found by what they miss; this only tidies up.
    private static let settledSeconds = 6 * 3600
    /// How long a list may be behind what was made.
    private static let lagSeconds = 1800
    /// Of a list of subscriptions.
    private static let mostPages = 20

    init(
        _ store: RecordStore, wanted: WantedSubscriptions, webhookURL: String,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.store = store
        self.wanted = wanted
        self.webhookURL = webhookURL
        self.now = now
    }

    init(_ store: RecordStore, reading settings: inout SettingsReader) {
        let (wanted, webhookURL) = settings.wantedSubscriptions()
        self.init(store, wanted: wanted, webhookURL: webhookURL)
    }

    /// What became of an account's.
    struct Outcome: Sendable, Equatable {
        var made = 0
        var removed = 0
        /// OwnerRez does not take one, or does not let us see them.
        var refused = 0
    }

    /// Makes what is missing and removes what is too much.
    ///
    /// - Parameter anew: removes all of ours first: deliveries have stopped, while they are listed as ever.
    func bring(
        over api: AccountAPI, anew: Bool = false, in invocation: Invocation
    ) throws(UpkeepInterruption) -> Outcome {
        guard !wanted.isEmpty else { return Outcome() }
        var place = try OwnRecord(
            Self.key(api.connection.account.id), SubscriptionMemory.schema, in: store, invocation)
        var memory = place.record.map { SubscriptionMemory($0) } ?? SubscriptionMemory()
        // What there was before somebody connected anew may have ended with the former tokens.
        if memory.isOlder(than: api.connection.connectedAt) { memory = SubscriptionMemory() }
        let digest = wanted.digest(url: webhookURL)
        if !anew, memory.wanted == digest, let settledAt = memory.settledAt,
            now() < settledAt.adding(seconds: Self.settledSeconds)
        {
            return Outcome()
        }
        var outcome = Outcome()
        guard let rows = try rows(over: api, in: invocation) else {
            outcome.refused = 1
            return outcome
        }
        let changes = SubscriptionChanges(from: rows, to: anew ? .none : wanted, at: webhookURL)
        let areAllListed = memory.made.allSatisfy { made in rows.contains { $0.id == made.id } }
        let isRight = !anew && changes.missing.isEmpty && changes.surplus.isEmpty && areAllListed
        // Before anything is changed: from here on nobody goes by what was.
        memory.settledAt = isRight ? now() : nil
        memory.wanted = digest
        if isRight { memory.made = [] }
        try place.write(memory.attributes, in: invocation)
        guard !isRight else { return outcome }
        for row in changes.surplus { try remove(row.id, over: api, &outcome, in: invocation) }
        try removeHidden(rows, anew: anew, &memory, over: api, &outcome, in: invocation)
        var spelling = SubscriptionSpelling()
        spelling.learn(from: rows)
        let missing = anew ? wanted.kinds : changes.missing.filter { memory.id(of: $0) == nil }
        if !missing.allSatisfy({ spelling.knows($0) }) { try learn(&spelling, over: api, in: invocation) }
        for kind in missing {
            guard let id = try make(kind, spelling, over: api, &outcome, in: invocation) else { continue }
            memory.madeAt = now()
            memory.made.append(SubscriptionMemory.Made(kind: kind, id: id))
            try place.write(memory.attributes, in: invocation)
        }
        // What was forgotten is written with what was made, unless nothing was.
        if place.record?.attributes != memory.attributes { try place.write(memory.attributes, in: invocation) }
        return outcome
    }

    /// Removes all of ours, before the connection ends. If OwnerRez refuses that, it is logged, and nothing more.
    func removeAll(over api: AccountAPI, in invocation: Invocation) throws(UpkeepInterruption) {
        guard !wanted.isEmpty else { return }
        var outcome = Outcome()
        let account = api.connection.account.id
        let rows = try rows(over: api, in: invocation) ?? []
        for row in rows where row.url == webhookURL { try remove(row.id, over: api, &outcome, in: invocation) }
        let place = try OwnRecord(Self.key(account), SubscriptionMemory.schema, in: store, invocation)
        var memory = place.record.map { SubscriptionMemory($0) } ?? SubscriptionMemory()
        try removeHidden(rows, anew: true, &memory, over: api, &outcome, in: invocation)
        try keeping { () throws(StoreError) in
            _ = try store.delete(Self.key(account), in: invocation)
        }
    }

    /// What we have made and the list does not show: it is behind, or another one has taken its place.
    private func removeHidden(
        _ rows: [SubscriptionRow], anew: Bool, _ memory: inout SubscriptionMemory, over api: AccountAPI,
        _ outcome: inout Outcome, in invocation: Invocation
    ) throws(UpkeepInterruption) {
        let mayBeBehind = !anew && memory.madeAt.map { now() < $0.adding(seconds: Self.lagSeconds) } ?? false
        let listed = SubscriptionChanges(from: rows, to: wanted, at: webhookURL).kept
        for made in memory.made {
            if !rows.contains(where: { $0.id == made.id }) {
                let isReplaced = listed.contains { $0.kind == made.kind }
                if mayBeBehind && !isReplaced && wanted.kinds.contains(made.kind) { continue }
                try remove(made.id, over: api, &outcome, in: invocation)
            }
            memory.forget(made.kind)
        }
    }
}

extension Subscriptions {
    private static func key(_ account: Int) -> RecordKey {
        RecordKey(partition: "ownerrez-account#\(account)", sort: "subscriptions")
    }
}

/// On the wire.
extension Subscriptions {
    /// - Returns: nil when OwnerRez does not let us see them, which has been logged.
    private func rows(
        over api: AccountAPI, in invocation: Invocation
    ) throws(UpkeepInterruption) -> [SubscriptionRow]? {
        var rows: [SubscriptionRow] = []
        var address: ListPage.Address? = ListPage.Address(path: Self.path, query: "limit=100")
        for _ in 0..<Self.mostPages {
            guard let page = address else { break }
            let response = try api.get(page, in: invocation)
            do throws(ListPage.Problem) {
                let page = try ListPage(response, at: page, of: api.baseURL)
                rows += page.rows.compactMap { SubscriptionRow($0) }
                address = page.next
            } catch {
                warn("an account's subscriptions cannot be listed: \(error.description)", in: invocation)
                return nil
            }
        }
        return rows
    }

    private func learn(
        _ spelling: inout SubscriptionSpelling, over api: AccountAPI, in invocation: Invocation
    ) throws(UpkeepInterruption) {
        let response = try api.call(APIRequest(path: Self.path + "/categories"), in: invocation)
        guard response.status == 200, let answer = try? JSON.parse(response.body, duplicates: .lastWins) else { return }
        spelling.learn(from: answer)
    }

    /// - Returns: its id; nil when OwnerRez refuses it.
    private func make(
        _ kind: WantedSubscriptions.Kind, _ spelling: SubscriptionSpelling, over api: AccountAPI,
        _ outcome: inout Outcome, in invocation: Invocation
    ) throws(UpkeepInterruption) -> String? {
        let body = spelling.body(kind, url: webhookURL).text
        let request = APIRequest(method: "POST", path: Self.path, body: body, mayBeSentTwice: false)
        let response = try api.call(request, in: invocation)
        guard (200..<300).contains(response.status) else {
            outcome.refused += 1
            warn(
                "a subscription to \(kind.type):\(kind.action) was refused: OwnerRez answered \(response.status)",
                in: invocation)
            return nil
        }
        outcome.made += 1
        invocation.count("SubscriptionsMade")
        let answer = try? JSON.parse(response.body, duplicates: .lastWins)
        return answer.flatMap { SubscriptionRow.id(in: $0) }
    }

    private func remove(
        _ id: String, over api: AccountAPI, _ outcome: inout Outcome, in invocation: Invocation
    ) throws(UpkeepInterruption) {
        let response = try api.call(APIRequest(method: "DELETE", path: "\(Self.path)/\(id)"), in: invocation)
        switch response.status {
        case 200..<300:
            outcome.removed += 1
            invocation.count("SubscriptionsRemoved")
        case 404: break
        case let status:
            outcome.refused += 1
            warn("a subscription of ours cannot be removed: OwnerRez answered \(status)", in: invocation)
        }
    }

    private func warn(_ message: String, in invocation: Invocation) {
        invocation.log.write(.warn, message, requestID: invocation.requestID)
    }
}
