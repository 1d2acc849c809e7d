import Glibc
import Testing

@testable import PartnerCore

/// The backends that the conformance suite runs over.
enum Backend: CaseIterable {
    case sqlite
    case dynamoDB

    case firestore

    /// DynamoDB and Firestore are servers, which scripts/test starts and names in AWS's and Google's own variables.
    static var allCases: [Backend] {
        var cases: [Backend] = [.sqlite]
        if getenv("AWS_ENDPOINT_URL") != nil { cases.append(.dynamoDB) }
        if getenv("GCE_METADATA_HOST") != nil { cases.append(.firestore) }
        return cases
    }
}

/// An empty store of a backend, seen through two connections as two processes would have them, and its clock.
final class StoreUnderTest: Sendable {
    let store: RecordStore
    let another: RecordStore
    private let directory = TestDirectory()
    private let time: Lock<Timestamp>

    init(_ backend: Backend) throws {
        let time = Lock(Timestamp(epochSeconds: 1_800_000_000))
        self.time = time
        let clock: @Sendable () -> Timestamp = { time.withLock { $0 } }
        switch backend {
        case .sqlite:
            let path = directory.path + "/partner.sqlite"
            opened = { .sqlite(try SQLiteStore(path: path, clock: $0)) }
        case .dynamoDB:
            let table = "test-" + randomID()
            let opened: @Sendable (@escaping @Sendable () -> Timestamp) -> DynamoDBStore = { clock in
                var settings = SettingsReader(.process)
                return DynamoDBStore(table: table, reading: &settings, clock: clock)
            }
            try Self.makeTable(table, with: opened(clock).client)
            self.opened = { .dynamoDB(opened($0)) }
        case .firestore:
            // Its double has every database of such a name.
            let database = try #require(FirestoreDatabase("partner-test/test-" + randomID()))
            opened = { clock in
                var settings = SettingsReader(.process)
                return .firestore(FirestoreStore(database, reading: &settings, clock: clock))
            }
        }
        store = try opened(clock)
        another = try opened(clock)
    }

    /// The same store as another process has it, whose clock may be another.
    let opened: @Sendable (_ clock: @escaping @Sendable () -> Timestamp) throws -> RecordStore

    static func makeTable(_ table: String, with client: AWSClient) throws {
        let keys = ["partition", "sort"]
        let attributes = keys.map { JSON(dictionaryLiteral: ("AttributeName", .string($0)), ("AttributeType", "S")) }
        let schema = zip(keys, ["HASH", "RANGE"]).map {
            JSON(dictionaryLiteral: ("AttributeName", .string($0)), ("KeyType", .string($1)))
        }
        _ = try client.call(
            "DynamoDB_20120810.CreateTable",
            [
                "TableName": .string(table), "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": .array(attributes), "KeySchema": .array(schema),
            ], in: .forStore())
    }

    var now: Timestamp { time.withLock { $0 } }

    func setClock(to timestamp: Timestamp) { time.withLock { $0 = timestamp } }
}

/// A directory of a test's own, gone with it.
final class TestDirectory: Sendable {
    let path: String

    /// - Parameter parent: one in memory does not wait for a disk.
    init(in parent: String = "/tmp") {
        var template = Array("\(parent)/partner-store.XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit {
        for name in fileNames(in: path) { remove(path + "/" + name) }
        rmdir(path)
    }
}

extension Invocation {
    static func forStore(milliseconds: Int = 60_000) -> Invocation {
        Invocation(
            requestID: "test", deadline: .after(milliseconds: milliseconds), log: Log(level: .fatal, descriptor: 2))
    }
}

/// Runs the body on threads of their own, and returns what each of them returned, in no order.
func concurrently<Result>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) -> [Result] {
    let results = Lock<[Result]>([])
    for index in 0..<count {
        guard
            let thread = Thread({
                let result = body(index)
                results.withLock { $0.append(result) }
                results.notify()
            })
        else {
            Issue.record("the system has no thread left")
            continue
        }
        thread.detach()
    }
    let all = results.wait(until: .after(milliseconds: 300_000)) { $0.count == count ? $0 : nil }
    return all ?? []
}
