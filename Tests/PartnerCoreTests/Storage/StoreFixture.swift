import CSQLite
import Testing

@testable import PartnerCore

/// A store as an earlier build has written it: `Tests/Fixtures/store`, where make.py tells what is in it and how it was
/// made.
struct StoreFixture {
    /// Just after it was made: what lasts for minutes is still there.
    static let time = Timestamp(epochMilliseconds: 1_795_727_880_000)
    /// The tokens' key is 00..1f.
    static let keys = ConnectionsUnderTest.keys

    private let directory = TestDirectory()
    let path: String

    /// - Parameter commit: of the build that has written it.
    init(_ commit: String = "3600811") throws {
        path = directory.path + "/partner.sqlite"
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let sql = try readFile("/\(tests)/Fixtures/store/\(commit).sql")
        let file = try SQLiteConnection(unprepared: path)
        try #require(sqlite3_exec(file.handle, String(decoding: sql, as: UTF8.self), nil, nil, nil) == SQLITE_OK)
    }

    /// The file itself, at a time.
    func store(at now: @escaping @Sendable () -> Timestamp = { time }) throws -> RecordStore {
        .sqlite(try SQLiteStore(path: path, clock: now))
    }

    /// What is in it, as it lies there.
    func records() throws -> [Record] {
        try store { Timestamp(epochMilliseconds: 0) }.scanned(prefix: "", limit: { 1000 }, in: .forStore())
    }

    /// The same in a store of any kind, with the time at which it was made.
    static func filled(_ backend: Backend) throws -> StoreUnderTest {
        let test = try StoreUnderTest(backend)
        test.setClock(to: time)
        for record in try StoreFixture().records() {
            try test.store.put(record.key, record.attributes, expires: record.expires, in: .forStore())
        }
        return test
    }
}
