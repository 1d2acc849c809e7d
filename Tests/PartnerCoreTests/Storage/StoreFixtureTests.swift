import Testing

@testable import PartnerCore

/// What is known of a store that an earlier build has written. That it can be read is what its schemas promise.
@Suite("A store that an earlier build has written")
struct StoreFixtureTests {
    private static let listed = 347_482_730
    private static let standard = 347_311_458
    private static let unlisted = 347_100_002
    private static let revoked = 347_100_003
    private static let documents = ConsentDocuments(
        termsURL: "https://ownli.example/terms", privacyURL: "https://ownli.example/privacy", version: "2026-01-01")

    private let file: StoreFixture
    private let store: RecordStore

    init() throws {
        file = try StoreFixture()
        store = try file.store()
    }

    private func connections() -> Connections {
        var settings = SettingsReader(Environment(["TOKEN_ENCRYPTION_KEYS": StoreFixture.keys]))
        return Connections(store, TokenSealer(reading: &settings)) { StoreFixture.time }
    }

    @Test("holds nothing of a kind that nobody here looks at")
    func kinds() throws {
        let kinds = Set(try file.records().map { String($0.key.partition.split(separator: "#")[0]) })
        #expect(
            kinds.sorted() == [
                "consent", "link", "ownerrez-account", "ownerrez-connections", "ownerrez-event", "ownerrez-events",
                "ownerrez-given-up", "ownerrez-inbox", "ownerrez-inbox-aside", "ownerrez-inbox-paused", "ownerrez-rate",
                "ownerrez-state", "ownerrez-told", "ownerrez-user", "ownli-intent", "ownli-user", "reward",
                "reward-audit",
                "reward-budget",
            ])
    }

    @Test("shows who has agreed to what, in every schema, and who has withdrawn")
    func consents() throws {
        let consents = Consents(store)
        func history(_ subject: String) throws -> ConsentHistory {
            try consents.history(subject: subject, in: .forStore())
        }
        for (subject, periods, withdrawals, standing) in [
            ("person-7c1f", [0], 0, 1), ("person-9e20", [0, 1], 1, 1), ("person-3b55", [0], 1, 0),
            ("person-old", [0], 0, 1), ("person-unsure", [0], 0, 1), ("person-nobody", [], 0, 0),
        ] {
            let history = try history(subject)
            #expect(history.consents.map { $0.period } == periods)
            #expect(history.consents.allSatisfy { $0.documents == Self.documents && $0.keptUntil == nil })
            #expect(history.withdrawals.count == withdrawals && history.standing.count == standing)
        }
        #expect(try history("person-old").consents[0].acceptedAt == Timestamp(epochMilliseconds: 1_767_225_600_123))
        let withdrawal = try history("person-3b55").withdrawals[0]
        #expect(withdrawal.withdrawnAt == Timestamp(epochMilliseconds: 1_795_727_870_507))
        #expect(withdrawal.documents == [Self.documents] && withdrawal.ownliUserID == "XT_USRs6s66dsh09ts")
    }

    @Test("links the same people, both ways")
    func links() throws {
        let links = UserLinks(store)
        for (subject, ownliUserID) in [
            ("person-7c1f", "XT_USRyrp9nhgwryq3"), ("person-9e20", "XT_USRwh0i0ltdlfc4"),
            ("person-old", "XT_USRj92tdmoa840p"),
        ] {
            #expect(try links.link(subject: subject, in: .forStore())?.ownliUserID == ownliUserID)
            #expect(try links.unlinking(subject: subject, in: .forStore()).writes.count == 2)
        }
        #expect(try links.link(subject: "person-3b55", in: .forStore()) == nil)
    }

    @Test("tells of every reward that was asked for, and what of the day's budgets is spent")
    func rewards() throws {
        let audit = RewardAudit(store)
        let entries = try audit.entries(day: "2026-11-26", limit: 100, in: .forStore()).entries
        #expect(
            entries.map { "\($0.request.clientReference) \($0.request.amount.count) \($0.state.rawValue)" } == [
                "order-1 2510 granted", "order #2/é 1200 granted", "order #1/é 1100 granted", "order #0/é 1000 granted",
                "order-2 500 granted", "order-3 750 asked",
            ])
        for entry in entries {
            let reference = entry.request.clientReference
            #expect(try audit.entry(actionCode: "purchase", clientReference: reference, in: .forStore()) == entry)
            #expect((entry.rewardID != nil) == (entry.state == .granted))
        }
        #expect(entries[1].origin.way == .sqs && entries[1].origin.id == "message-2")
        let limits = RewardLimits(perDay: Cents(6_560 + 100))
        let ledger = RewardLedger(store, limits: limits, keptFor: Retention(days: nil)) { StoreFixture.time }
        func reserve(_ cents: Int, _ reference: String) throws -> RewardLedger.Outcome {
            let request = RewardRequest(
                userID: "XT_USRyrp9nhgwryq3", amount: Cents(cents), actionCode: "purchase", clientReference: reference)
            return try ledger.reserve(request, from: Origin(.direct, name: nil, id: "r"), in: .forStore())
        }
        #expect(try reserve(101, "order-4") == .exhausted(secondsUntilMidnight: 9_720))
        guard case .reserved(let again) = try reserve(750, "order-3") else {
            Issue.record("what was asked for may be asked for again")
            return
        }
        #expect(!again.isNew && !again.isGranted)
    }

    @Test("has every connection with tokens that open, listed or not, and what its schedule remembers")
    func connected() throws {
        let connections = connections()
        for (account, subject, hasRefresh, isRevoked, isListed) in [
            (Self.listed, "person-7c1f", false, false, true), (Self.standard, "person-9e20", true, false, true),
            (Self.unlisted, "person-7c1f", false, false, false), (Self.revoked, "person-9e20", false, true, true),
        ] {
            let stored = try #require(try connections.stored(account: account, in: .forStore()))
            let tokens = try stored.tokens.get()
            #expect(tokens.access.reveal().hasPrefix("at_"))
            #expect((tokens.refresh != nil) == hasRefresh && (tokens.expires != nil) == hasRefresh)
            #expect(stored.connection.subject == subject)
            #expect((stored.connection.revokedAt != nil) == isRevoked)
            #expect((stored.connection.listedAt != nil) == isListed)
        }
        let entries = try connections.schedule.page(in: .forStore()).entries
        #expect(entries.map { $0.account } == [Self.revoked, Self.standard, Self.listed])
        #expect(entries.map { $0.reached != nil } == [false, true, true])
        #expect(
            try connections.all(subject: "person-7c1f", in: .forStore()).map { $0.account.id } == [
                Self.unlisted, Self.listed,
            ])
        // It is taken into the list by whoever meets it.
        #expect(try connections.schedule.page(in: .forStore()).entries.count == 4)
    }

    @Test("knows how far each list has been looked through, and which subscriptions are ours")
    func upkeep() throws {
        for (account, subject) in [(Self.listed, "person-7c1f"), (Self.standard, "person-9e20")] {
            for list in [ReconciledList.bookings, .guests] {
                let place = try OwnRecord(Checkpoint.key(account, list), Checkpoint.schema, in: store, .forStore())
                let checkpoint = try #require(place.record.flatMap { Checkpoint($0, of: subject) })
                #expect(checkpoint.listing == nil && checkpoint.since > Timestamp(epochSeconds: 1_795_727_800))
            }
            let key = RecordKey(partition: "ownerrez-account#\(account)", sort: "subscriptions")
            let memory = SubscriptionMemory(try #require(try store.get(key, in: .forStore())))
            #expect(memory.made.count == (account == Self.listed ? 3 : 0) && memory.madeAt != nil)
            #expect(memory.wanted == "151d616b08d287a6c05193ea8c8c43f7")
        }
        let rate = try RateRecord(#require(try store.get(RateBudget.key, in: .forStore())))
        #expect(rate.spent == 34)
    }

    @Test("keeps events, has others wait or given up, and knows what has come")
    func events() throws {
        let inbox = EventInbox(store) { StoreFixture.time }
        var listing = inbox.listing(EventFilter())
        var found: [String] = []
        while let page = try listing.next(in: .forStore()) {
            found += page.map { "\($0.state.rawValue) \($0.kind ?? "nothing") \($0.entity ?? "") \($0.subject ?? "")" }
        }
        #expect(
            found == [
                "waiting booking.entity_update booking/6 ", "waiting booking.entity_update booking/7 ",
                "set-aside booking.entity_update booking/4 ", "set-aside booking.entity_update booking/4 ",
                "kept connection.connected connection/347482730 person-7c1f",
                "kept connection.connected connection/347311458 person-9e20",
                "kept connection.revoked connection/347100003 person-9e20",
                "kept booking.entity_update booking/16900004 person-7c1f",
                "kept booking.entity_update booking/16900005 person-7c1f",
                "kept booking.entity_update booking/16900006 person-7c1f",
                "kept booking.entity_update booking/1 person-7c1f", "kept booking.entity_update booking/1 person-7c1f",
                "kept booking.entity_delete booking/2 person-7c1f", "kept booking.entity_update booking/3 ",
                "given-up nothing  ", "given-up booking.entity_update booking/5 person-7c1f",
            ])
        let waiting = #"{"id":"waiting-6","user_id":347482730,"action":"entity_update","#
        let again = waiting + #""entity_type":"booking","entity_id":6}"#
        #expect(try inbox.accept(OwnerRezEvent(text: again, json(again)), in: .forStore()) == .duplicate)
        let change = try InboxUnderTest.row(booking: 1, updated: "2026-08-30T12:00:05Z")
        #expect(try inbox.acceptReconciled(change, toldSince: StoreFixture.time, in: .forStore()) == .known)
    }
}
