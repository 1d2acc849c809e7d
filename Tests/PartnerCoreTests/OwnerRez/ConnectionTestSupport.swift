import Testing

@testable import PartnerCore

/// Connections over a backend, and all that is written with them.
struct ConnectionsUnderTest {
    static let account = 347_482_730
    /// The key is 00..1f.
    static let keys = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    let stores: StoreUnderTest
    let sealer: TokenSealer
    let connections: Connections
    let another: Connections
    var invocation: Invocation { .forStore() }

    init(_ backend: Backend) throws {
        let stores = try StoreUnderTest(backend)
        var settings = SettingsReader(Environment(["TOKEN_ENCRYPTION_KEYS": Self.keys]))
        self.stores = stores
        sealer = TokenSealer(reading: &settings)
        connections = Connections(stores.store, sealer) { stores.now }
        another = Connections(stores.another, sealer) { stores.now }
    }

    /// Made at the store's present time.
    func connection(of subject: String = "user-42") -> Connection {
        let account = OwnerRezAccount(id: Self.account, name: "Ada's Cabins", scope: "all")
        return Connection(subject: subject, account: account, connectedAt: stores.now)
    }

    func save(_ access: String = "at_1", refresh: String? = nil, expires: Timestamp? = nil) throws {
        let tokens = OwnerRezTokens(
            access: Secret(access), refresh: refresh.map { Secret($0) }, expires: expires)
        _ = try connections.save(connection(), tokens, in: invocation)
    }

    var stored: Connections.Stored {
        get throws { try #require(try another.stored(account: Self.account, in: invocation)) }
    }

    func attributes(_ partition: String, _ sort: String) throws -> [String: String]? {
        try stores.another.get(RecordKey(partition: partition, sort: sort), in: invocation)?.attributes
    }

    var ofAccount: [String: String]? { get throws { try attributes("ownerrez-account#347482730", "connection") } }
    var ofUser: [String: String]? { get throws { try attributes("ownerrez-user#user-42", "347482730") } }
    var listed: [String: String]? { get throws { try attributes("ownerrez-connections", "347482730") } }

    var waiting: [WaitingEvent] {
        get throws {
            try stores.another.list(partition: "ownerrez-inbox#a", in: invocation).map { (record) in
                try WaitingEvent(record)
            }
        }
    }

    var told: [String] { get throws { try waiting.map { $0.event.kind } } }

    func pass(seconds: Int) { stores.setClock(to: stores.now.adding(seconds: seconds)) }

    /// As the build before the schedules wrote it, with an access token alone: nothing says that it was revoked, nor that
    /// it is listed.
    func layOld(refresh: Bool = false) throws {
        let sealed =
            refresh
            ? "k1.ZGVmZ2hpamtsbW5vEzm_EiaGOvocTn2arjoFkSbgWyzHs6MY92bhbd54_ccVRcY"
            : "k1.ZGVmZ2hpamtsbW5vEzm_EiaGOvocP0rGPbGlWDh-N_a6cqCuZVo"
        try stores.store.put(
            RecordKey(partition: "ownerrez-account#347482730", sort: "connection"),
            ["subject": "user-42", "connectedAt": "1790000000000", "scope": "all", "tokens": sealed], in: invocation)
        try stores.store.put(
            RecordKey(partition: "ownerrez-user#user-42", sort: "347482730"),
            ["connectedAt": "1790000000000", "scope": "all"], in: invocation)
    }
}
