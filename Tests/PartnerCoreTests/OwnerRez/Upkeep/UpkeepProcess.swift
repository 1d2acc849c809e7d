import CSQLite

@testable import PartnerCore

/// A process that looks after connections or takes webhooks, with a store and a clock of its own. It may be killed at any
/// of its steps: then nothing that it does has any effect any more.
final class UpkeepProcess: Sendable {
    enum Outcome: Equatable { case lives, diesBefore, diesAfter }

    let store: RecordStore
    private let world: OwnerRezWorld
    private let name = "test/" + randomID()
    /// How far its clock is ahead, in seconds.
    private let skew: Int
    private let life: Life

    /// How many more steps it lives: calls to OwnerRez and to its store.
    final class Life: Sendable {
        private let stepsLeft: Lock<Int>
        private let lastStep: Outcome

        init(steps: Int) {
            stepsLeft = Lock(steps)
            // By turns: whether the last step has its effect.
            lastStep = steps.isMultiple(of: 2) ? .diesBefore : .diesAfter
        }

        var isOver: Bool { stepsLeft.withLock { $0 <= 0 } }

        func step() -> Outcome {
            stepsLeft.withLock { left in
                guard left > 0 else { return .diesBefore }
                left -= 1
                return left > 0 ? .lives : lastStep
            }
        }
    }

    init(
        _ world: OwnerRezWorld, skew: Int = 0, steps: Int = .max,
        store open: (_ life: Life, _ clock: @escaping @Sendable () -> Timestamp) throws -> RecordStore
    ) throws {
        self.world = world
        self.skew = skew
        let life = Life(steps: steps)
        self.life = life
        store = try open(life) { world.now.adding(seconds: skew) }
        world.processes.withLock { $0[name] = self }
    }

    func end() { world.processes.withLock { $0[name] = nil } }

    var isDead: Bool { life.isOver }
    func step() -> Outcome { life.step() }
    var now: Timestamp { world.now.adding(seconds: skew) }

    var inbox: EventInbox { EventInbox(store) { [self] in now } }

    var relay: EventRelay { EventRelay(inbox, to: .store, as: .envelope, Revocations(tokens)) }

    private var environment: [String: String] {
        [
            "OWNERREZ_API_URL": world.url, "OWNERREZ_CLIENT_ID": "c_test", "OWNERREZ_CLIENT_SECRET": "s_test",
            "OWNERREZ_USER_AGENT": name,
            "TOKEN_ENCRYPTION_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ]
    }

    var tokens: ConnectionTokens {
        var settings = SettingsReader(Environment(environment))
        let now: @Sendable () -> Timestamp = { [self] in self.now }
        let connections = Connections(store, TokenSealer(reading: &settings), now: now)
        return ConnectionTokens(store, connections, OwnerRezTokenEndpoint(reading: &settings), now: now)
    }

    func upkeep(
        wanted: WantedSubscriptions = .none, lists: [ReconciledList] = ReconciledList.allCases,
        backfillSince: Timestamp? = nil, limit: Int = 0
    ) -> OwnerRezUpkeep {
        let tokens = tokens
        let budget = RateBudget(store, limit: limit) { [self] in
            Moment(running: Instant(nanoseconds: now.epochMilliseconds * 1_000_000), wall: now)
        }
        let api = ConnectedAPI(store, tokens, budget)
        let subscriptions = Subscriptions(
            store, wanted: wanted, webhookURL: OwnerRezWorld.webhookURL, now: tokens.now)
        return OwnerRezUpkeep(store, tokens, api, subscriptions, lists: lists, backfillSince: backfillSince)
    }

    /// Connects an account, whose access token is `at_` and its number.
    func connect(_ account: Int, of subject: String = "user-1") throws {
        let connection = Connection(
            subject: subject, account: OwnerRezAccount(id: account, name: nil, scope: nil), connectedAt: now)
        let tokens = OwnerRezTokens(access: Secret("at_\(account)"), refresh: nil, expires: nil)
        _ = try self.tokens.connections.save(connection, tokens, in: .forStore())
    }
}

/// A file that processes share.
final class SharedFile: Sendable {
    private let directory = TestDirectory(in: "/dev/shm")
    private let processes = Lock<[Mortal]>([])

    func open(_ life: UpkeepProcess.Life, _ clock: @escaping @Sendable () -> Timestamp) throws -> RecordStore {
        let store = try SQLiteStore(path: directory.path + "/partner.sqlite") {
            _ = life.step()
            return clock()
        }
        try store.withConnection(in: .forStore()) { connection in
            let process = Mortal(life, connection.handle)
            processes.withLock { $0.append(process) }
            let context = Unmanaged.passUnretained(process).toOpaque()
            sqlite3_progress_handler(connection.handle, 1, { Mortal.of($0).isOutOfReach ? 1 : 0 }, context)
            sqlite3_commit_hook(connection.handle, { Mortal.of($0).isDead ? 1 : 0 }, context)
        }
        return .sqlite(store)
    }

    /// What has a connection. Once it is dead it reads nothing any more and begins nothing, and a transaction in which it
    /// died is taken back, with its lock: to interrupt that as well would leave the lock for good.
    private final class Mortal: @unchecked Sendable {
        private let life: UpkeepProcess.Life
        private let handle: OpaquePointer

        init(_ life: UpkeepProcess.Life, _ handle: OpaquePointer) {
            self.life = life
            self.handle = handle
        }

        static func of(_ context: UnsafeMutableRawPointer?) -> Mortal {
            Unmanaged.fromOpaque(context!).takeUnretainedValue()
        }

        var isDead: Bool { life.isOver }
        var isOutOfReach: Bool { isDead && sqlite3_get_autocommit(handle) != 0 }
    }
}
