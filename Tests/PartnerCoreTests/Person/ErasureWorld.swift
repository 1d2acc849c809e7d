import Testing

@testable import PartnerCore

/// A store with people in it, OwnerRez on loopback, and an operator who erases.
final class ErasureWorld: Sendable {
    static let retention = Retention(days: 1827)
    static let rewardRetention = Retention(days: 3653)
    static let documents = ConsentDocuments(
        termsURL: "https://ownli.example/terms", privacyURL: "https://ownli.example/privacy", version: "2026-04")

    let store: RecordStore
    let upstream: OwnerRezUpstream
    let isOwnerRezAway: Lock<Bool>
    private let time: Lock<Timestamp>
    private let file: SharedFile?

    /// - Parameter open: a store by this clock.
    init(holding file: SharedFile? = nil, _ open: (@escaping @Sendable () -> Timestamp) throws -> RecordStore) throws {
        self.file = file
        let time = Lock(Timestamp(epochSeconds: 1_800_000_000))
        self.time = time
        store = try open { time.withLock { $0 } }
        let isAway = Lock(false)
        isOwnerRezAway = isAway
        upstream = try OwnerRezUpstream { _, _ in
            .response(Response(status: isAway.withLock { $0 } ? 500 : 204))
        }
    }

    /// One in memory does not wait for a disk.
    convenience init(_ backend: Backend) throws {
        guard backend == .sqlite else {
            let test = try StoreUnderTest(backend)
            try self.init { try test.opened($0) }
            return
        }
        let file = SharedFile()
        try self.init(holding: file) { try file.open(UpkeepProcess.Life(steps: .max), $0) }
    }

    var now: Timestamp { time.withLock { $0 } }

    func pass(seconds: Int) { time.withLock { $0 = $0.adding(seconds: seconds) } }

    /// The tokens that were revoked.
    var revoked: [String] {
        upstream.received.map { String($0.path.split(separator: "/").last ?? "") }
    }
}

/// The operator.
extension ErasureWorld {
    static func hash() -> IdentifierHash {
        var settings = SettingsReader(
            Environment(["IDENTIFIER_HASH_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]))
        return IdentifierHash(reading: &settings)
    }

    func erasure(over store: RecordStore? = nil, isConfigured: Bool = true) -> Erasure {
        let store = store ?? self.store
        var settings = upstream.settings
        return Erasure(
            store, Self.hash(), isConfigured ? Disconnections(reading: &settings, store) : nil,
            consentsKeptFor: Self.retention, rewardsKeptFor: Self.rewardRetention
        ) { self.now }
    }

    @discardableResult
    func erase(
        _ subject: String, over store: RecordStore? = nil, isForced: Bool = false, isDryRun: Bool = false,
        isConfigured: Bool = true, step: @escaping @Sendable () -> Void = {}
    ) throws -> ErasureReport {
        let work = LongWork(step: {
            step()
            return .forStore()
        })
        let erasure = erasure(over: store, isConfigured: isConfigured)
        let findings = try erasure.find(subject, in: work)
        return try erasure.run(findings, isForced: isForced, isDryRun: isDryRun, in: work)
    }
}

/// What is in the store.
extension ErasureWorld {
    func all() throws -> [Record] {
        var records: [Record] = []
        var last: RecordKey?
        repeat {
            let page = try store.scan(prefix: "", after: last, limit: 1000, in: .forStore())
            records += page.records
            last = page.next
        } while last != nil
        return records
    }

    func records(_ partition: String) throws -> [Record] { try store.list(partition: partition, in: .forStore()) }

    /// Where any of some words is, in keys or attributes.
    func places(of words: [String]) throws -> [String] {
        try all().filter { record in
            let texts = [record.key.partition, record.key.sort] + record.attributes.flatMap { [$0.key, $0.value] }
            return texts.contains { text in words.contains { text.contains($0) } }
        }.map { "\($0.key.partition) \($0.key.sort)" }.sorted()
    }

    var erasedPartition: String { get throws { try #require(erasedPartitions.first) } }
    var erasedPartitions: [String] {
        get throws { try all().map { $0.key.partition }.filter { $0.hasPrefix("erased#") } }
    }
}

/// Somebody of whom everything is kept that can be.
struct PersonOfAll: Sendable {
    var subject = "anna/977"
    var former = "XT_ANNA_FORMER"
    var ownliUserID = "XT_ANNA_977"
    var account = 977_000_101
    var formerAccount = 977_000_102
    var name = "Anna's Cabins 977"
    var email = "guest.977@example.com"
    /// Of their orders, which say nothing of them.
    var orders = "a"

    static let anna = PersonOfAll()
    /// Whose ids are like hers, and not the same.
    static let others = [
        PersonOfAll(
            subject: "anna/97", former: "XT_ANNA_FORME", ownliUserID: "XT_ANNA_97", account: 97_700_010,
            formerAccount: 977_000_103, name: "Anna's Cabins", email: "guest.97@example.com", orders: "b"),
        PersonOfAll(
            subject: "ANNA/977", former: "XT_ANNA_former", ownliUserID: "xt_anna_977", account: 877_000_101,
            formerAccount: 877_000_102, name: "ANNA", email: "Guest.977@example.com", orders: "c"),
    ]

    var words: [String] { [subject, former, ownliUserID, "\(account)", "\(formerAccount)", name, email] }
}

extension ErasureWorld {
    /// Years of a person's: an account that they do not have any more, a consent that they took back, and what stands.
    func settle(_ person: PersonOfAll) throws {
        try optIn(person.subject, as: person.former)
        try reward(person.former, "\(person.orders)-1")
        try withdraw(person.subject)
        try connect(person.formerAccount, of: person)
        try happen(in: person.formerAccount, of: person)
        _ = try connector.connections.remove(
            connection(person.formerAccount, of: person), .disconnected, in: .forStore())
        try relay()
        pass(seconds: 3 * 86_400)
        try optIn(person.subject, as: person.ownliUserID)
        try reward(person.ownliUserID, "\(person.orders)-2")
        try reward(person.ownliUserID, "\(person.orders)-3", isGranted: false)
        try connect(person.account, of: person)
        try happen(in: person.account, of: person)
        try put("ownli-intent#\(person.subject)", "hash#1", ["begunAt": now.attribute])
        try put(
            "ownerrez-state#\(person.name)", "state", ["subject": person.subject, "owner": "", "returnPath": "/"])
    }

    func put(_ partition: String, _ sort: String, _ attributes: [String: String]) throws {
        try store.put(RecordKey(partition: partition, sort: sort), attributes, in: .forStore())
    }

    @discardableResult
    func optIn(_ subject: String, as ownliUserID: String, over store: RecordStore? = nil) throws -> Bool {
        pass(seconds: 1)
        let store = store ?? self.store
        guard
            case .accepted(let history) = try Consents(store).record(
                of: Self.documents, by: subject, at: now, in: .forStore())
        else { return false }
        let link = UserLink(subject: subject, ownliUserID: ownliUserID, linkedAt: now)
        guard case .linked = try UserLinks(store).create(link, agreedIn: history, in: .forStore()) else { return false }
        return true
    }

    func withdraw(_ subject: String) throws {
        pass(seconds: 1)
        _ = try Withdrawals(store, keptFor: Self.retention).withdraw(subject: subject, at: now, in: .forStore())
    }

    func ledger(_ store: RecordStore? = nil) -> RewardLedger {
        RewardLedger(
            store ?? self.store, limits: RewardLimits(perDay: Cents(1_000_000), perUserAndDay: Cents(500_000)),
            keptFor: Self.rewardRetention
        ) { self.now }
    }

    @discardableResult
    func reward(_ ownliUserID: String, _ reference: String, isGranted: Bool = true) throws -> RewardLedger.Outcome {
        pass(seconds: 1)
        let request = RewardRequest(
            userID: ownliUserID, amount: Cents(2510), actionCode: "purchase", clientReference: reference)
        let outcome = try ledger().reserve(request, from: Origin(.sqs, name: "queue", id: "m-1"), in: .forStore())
        if isGranted, case .reserved(let reservation) = outcome {
            try ledger().settle(reservation, as: "XT_DBR \(reference)", in: .forStore())
        }
        return outcome
    }

    var connector: ConnectionTokens {
        var settings = upstream.settings
        let connections = Connections(store, TokenSealer(reading: &settings)) { self.now }
        return ConnectionTokens(store, connections, OwnerRezTokenEndpoint(reading: &settings)) { self.now }
    }

    func connection(_ account: Int, of person: PersonOfAll) throws -> Connection {
        try #require(try connector.connections.stored(account: account, in: .forStore())?.connection)
    }

    func connect(_ account: Int, of person: PersonOfAll) throws {
        pass(seconds: 1)
        let connection = Connection(
            subject: person.subject, account: OwnerRezAccount(id: account, name: person.name, scope: "all"),
            connectedAt: now)
        let tokens = OwnerRezTokens(access: Secret("at_\(account)"), refresh: nil, expires: nil)
        _ = try connector.connections.save(connection, tokens, in: .forStore())
    }

    var inbox: EventInbox { EventInbox(store) { self.now } }

    func tell(_ account: Int, booking: Int, _ email: String) throws {
        pass(seconds: 1)
        let text =
            #"{"id":"\#(randomID())","user_id":\#(account),"action":"entity_update","entity_type":"booking","#
            + #""entity_id":\#(booking),"entity":{"id":\#(booking),"guest":"\#(email)","updated_utc":"\#(now.rfc3339)"}}"#
        _ = try inbox.accept(OwnerRezEvent(text: text, json(text)), in: .forStore())
    }

    /// Passes on what waits, to the store.
    func relay() throws {
        _ = try EventRelay(inbox, to: .store, as: .envelope, Revocations(connector)).passOnAll(in: .forStore())
    }

    /// Events in every place where one may be, and what is remembered of an account.
    func happen(in account: Int, of person: PersonOfAll) throws {
        for booking in 1...4 { try tell(account, booking: booking, person.email) }
        try relay()
        try tell(account, booking: 5, person.email)
        try tell(account, booking: 6, person.email)
        let shard = InboxShard(ofAccount: account)
        for record in try inbox.waiting(in: shard, in: .forStore()) {
            let event = try WaitingEvent(record)
            guard event.event.account == account else { continue }
            if event.event.entity == "booking/5" {
                try inbox.giveUp(
                    OutgoingEvent(event, as: .envelope, of: person.subject), attempts: 8, since: "away", in: .forStore()
                )
            } else {
                let pause = InboxPause(of: event.event.entity, until: now.adding(seconds: 60 * 86_400), in: shard)
                try inbox.pause(event, until: pause, attempts: 1, in: shard, in: .forStore())
            }
        }
        // Of the account itself, as connections' own events are.
        let connection = try connection(account, of: person)
        try store.transact([connection.event(.refreshFailed)], in: .forStore())
        for record in try inbox.waiting(in: shard, in: .forStore()) {
            let event = try WaitingEvent(record)
            guard event.event.account == account else { continue }
            let pause = InboxPause(of: event.event.entity, until: now.adding(seconds: 60 * 86_400), in: shard)
            try inbox.pause(event, until: pause, attempts: 1, in: shard, in: .forStore())
        }
        try tell(account, booking: 7, person.email)
        try put("ownerrez-account#\(account)", "checkpoint#bookings", ["subject": person.subject, "since": "1"])
        try put("ownerrez-account#\(account)", "subscriptions", ["wanted": "digest"])
    }
}
