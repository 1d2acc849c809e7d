import Glibc
import Testing

@testable import PartnerCore

@Suite("A SQLite store's file")
struct SQLiteStoreTests {
    let directory = TestDirectory()
    var invocation: Invocation { .forStore() }
    let key = RecordKey(partition: "p", sort: "s")

    private var path: String { directory.path + "/partner.sqlite" }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    /// Why a file cannot be opened.
    private func refusal(_ path: String) -> String? {
        do throws(StoreError) {
            _ = try SQLiteStore(path: path)
            return nil
        } catch {
            return error.reason
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        try writeAll(bytes, to: descriptor)
    }

    @Test("is its owner's alone, like the files beside it")
    func permissions() throws {
        let store = RecordStore.sqlite(try SQLiteStore(path: path))
        try store.put(key, ["a": "1"], in: invocation)
        for file in [path, path + "-wal", path + "-shm"] { #expect(mode(file) == 0o600) }
    }

    @Test("keeps its data when it is opened again")
    func reopening() throws {
        for number in 0..<3 {
            let store = RecordStore.sqlite(try SQLiteStore(path: path))
            #expect(try store.list(partition: "p", in: invocation).count == number)
            try store.put(RecordKey(partition: "p", sort: "\(number)"), ["a": "1"], in: invocation)
        }
    }

    @Test("holds what was written when nobody closed it")
    func crash() throws {
        let store = RecordStore.sqlite(try SQLiteStore(path: path))
        try store.put(key, ["a": "1"], in: invocation)
        // The files as a process leaves them that is killed here.
        let copy = directory.path + "/copy.sqlite"
        for suffix in ["", "-wal"] { try write(try readFile(path + suffix), to: copy + suffix) }
        #expect(mode(copy + "-wal") != nil)
        let survivor = RecordStore.sqlite(try SQLiteStore(path: copy))
        #expect(try survivor.get(key, in: invocation)?.attributes == ["a": "1"])
    }

    @Test("is synced at every commit, with a write-ahead log")
    func durability() throws {
        let store = try SQLiteStore(path: path)
        try store.withConnection(in: invocation) { (connection) throws(StoreError) in
            #expect(try connection.runOnce("PRAGMA synchronous") == "2")
            #expect(try connection.runOnce("PRAGMA journal_mode") == "wal")
        }
    }

    @Test("may have a name that means something else to SQLite", arguments: [":memory:", "file:x?mode=memory", " "])
    func specialNames(_ name: String) throws {
        let store = RecordStore.sqlite(try SQLiteStore(path: directory.path + "/" + name))
        try store.put(key, ["a": "1"], in: invocation)
        #expect(mode(directory.path + "/" + name) == 0o600)
    }

    @Test("is made once when many open it at the same time")
    func openingTogether() throws {
        for round in 0..<10 {
            let path = directory.path + "/\(round).sqlite"
            let errors = concurrently(8) { [invocation] thread -> StoreError? in
                do throws(StoreError) {
                    let store = RecordStore.sqlite(try SQLiteStore(path: path))
                    try store.put(RecordKey(partition: "p", sort: "\(thread)"), ["a": "1"], in: invocation)
                    return nil
                } catch {
                    return error
                }
            }
            #expect(errors == [StoreError?](repeating: nil, count: 8))
            let store = RecordStore.sqlite(try SQLiteStore(path: path))
            #expect(try store.list(partition: "p", in: invocation).count == 8)
        }
    }

    @Test("is refused when it is no database, and left as it is")
    func noDatabase() throws {
        let text = Array(String(repeating: "This is somebody's diary. ", count: 400).utf8)
        try write(text, to: path)
        #expect(refusal(path) == "file is not a database (SQLite 26)")
        #expect(try readFile(path) == text)
    }

    @Test("is refused when it is another program's database, and left as it is")
    func anotherProgram() throws {
        try sqlite("CREATE TABLE diary (entry TEXT)")
        let before = try readFile(path)
        #expect(refusal(path) == "the file is another program's SQLite database")
        #expect(try readFile(path) == before)
    }

    @Test("is refused when a newer program has changed its schema, and left as it is")
    func newerSchema() throws {
        _ = try SQLiteStore(path: path)
        try sqlite("PRAGMA user_version = 2")
        let before = try readFile(path)
        #expect(refusal(path) == "the file has version 2 of the schema, and this program knows 1")
        #expect(try readFile(path) == before)
    }

    @Test("that is damaged says so, and never hands out half a record")
    func damaged() throws {
        do {
            let store = RecordStore.sqlite(try SQLiteStore(path: path))
            for number in 0..<200 {
                let key = RecordKey(partition: "p", sort: "\(number)")
                try store.put(key, ["a": String(repeating: "x", count: 200)], in: invocation)
            }
        }
        var bytes = try readFile(path)
        for offset in 4096..<bytes.count { bytes[offset] = 0xA5 }
        try write(bytes, to: path)
        do throws(StoreError) {
            let store = RecordStore.sqlite(try SQLiteStore(path: path))
            let records = try store.list(partition: "p", in: invocation)
            Issue.record("\(records.count) records came out of a damaged file")
        } catch {
            #expect(error.reason == "database disk image is malformed (SQLite 11)")
        }
    }

    @Test(
        "says of a record that somebody broke by hand that it cannot be read", arguments: ["", "[]", "{\"a\":1}", "{"])
    func brokenAttributes(_ attributes: String) throws {
        let store = RecordStore.sqlite(try SQLiteStore(path: path))
        try store.put(key, ["a": "1"], in: invocation)
        try sqlite("UPDATE records SET attributes = '\(attributes)'")
        let unreadable = StoreError.unreadable(reason: "a record's attributes are no JSON object of strings")
        #expect(throws: unreadable) { try store.get(key, in: invocation) }
        // A delete that cannot say what was there deletes nothing.
        #expect(throws: unreadable) { try store.delete(key, in: invocation) }
        // Others of its partition are listed all the same.
        try store.put(RecordKey(partition: key.partition, sort: key.sort + "0"), ["a": "2"], in: invocation)
        let listed = try store.list(partition: key.partition, in: invocation)
        #expect(listed.map { $0.attributes } == [[Record.unreadable: attributes], ["a": "2"]])
        // Whoever does not ask what was there can remove it.
        try store.transact([.delete(key)], in: invocation)
        #expect(try store.list(partition: key.partition, in: invocation).map { $0.attributes } == [["a": "2"]])
    }

    @Test("is refused when it is a directory, or below none")
    func directories() {
        #expect(refusal(directory.path)?.contains("unable to open database file") == true)
        #expect(
            refusal(directory.path + "/none/partner.sqlite") == "the file cannot be made: No such file or directory")
        #expect(refusal("/dev/null/partner.sqlite") == "the file cannot be made: Not a directory")
    }

    @Test("in a directory that may not be written is refused with the system's reason")
    func readOnlyDirectory() throws {
        chmod(directory.path, 0o555)
        defer { chmod(directory.path, 0o755) }
        #expect(asNobody { refusal(path) } == "the file cannot be made: Permission denied")
    }

    @Test("that may not be read, or not be written, is refused", arguments: [0o000, 0o400] as [mode_t])
    func noPermission(_ mode: mode_t) throws {
        _ = try SQLiteStore(path: path)
        chmod(path, mode)
        chmod(directory.path, 0o1777)
        let reason = asNobody { refusal(path) }
        // As root the file is root's, and nobody may not even read it.
        if mode == 0o000 || geteuid() == 0 {
            #expect(reason == "unable to open database file (SQLite 14): Permission denied")
        } else {
            #expect(reason == "the file may not be written")
        }
    }

    @Test("that cannot grow keeps what it has, refuses the write, and takes the next that fits")
    func fullDisk() throws {
        let sqlite = try SQLiteStore(path: path)
        let store = RecordStore.sqlite(sqlite)
        try store.put(key, ["a": "1"], in: invocation)
        try sqlite.withConnection(in: invocation) { (connection) throws(StoreError) in
            _ = try connection.runOnce("PRAGMA max_page_count = 8")
        }
        #expect(throws: StoreError.unavailable(reason: "database or disk is full (SQLite 13)")) {
            try store.transact(
                [
                    .put(key, ["a": "2"]),
                    .put(RecordKey(partition: "p", sort: "large"), ["a": String(repeating: "x", count: 100_000)]),
                ], in: invocation)
        }
        #expect(try store.get(key, in: invocation)?.attributes == ["a": "1"])
        try store.put(key, ["a": "3"], in: invocation)
        #expect(try store.get(key, in: invocation)?.attributes == ["a": "3"])
    }

    @Test("that another process keeps locked is waited for until the deadline, and no write happens after it")
    func locked() throws {
        let sqlite = try SQLiteStore(path: path)
        let store = RecordStore.sqlite(sqlite)
        let another = try SQLiteStore(path: path)
        try another.withConnection(in: invocation) { (connection) throws(StoreError) in
            try connection.transaction { () throws(StoreError) in
                #expect(throws: StoreError.timedOut) {
                    try store.put(key, ["a": "1"], in: .forStore(milliseconds: 50))
                }
                #expect(throws: StoreError.timedOut) {
                    try store.put(key, ["a": "1"], in: .forStore(milliseconds: -1000))
                }
                #expect(try store.get(key, in: .forStore(milliseconds: 50)) == nil)
            }
        }
        #expect(try store.get(key, in: invocation) == nil)
        try store.put(key, ["a": "1"], in: invocation)
    }

    @Test("whose one connection another thread holds is waited for until the deadline")
    func connectionInUse() throws {
        let sqlite = try SQLiteStore(path: path)
        let store = RecordStore.sqlite(sqlite)
        try sqlite.withConnection(in: invocation) { (_) throws(StoreError) -> Void in
            #expect(throws: StoreError.timedOut) { try store.get(key, in: .forStore(milliseconds: 20)) }
        }
        #expect(try store.get(key, in: invocation) == nil)
    }

    @Test("is rid of expired records as new ones come")
    func purge() throws {
        let sqlite = try SQLiteStore(path: path)
        let store = RecordStore.sqlite(sqlite)
        for number in 0..<5 {
            let key = RecordKey(partition: "p", sort: "\(number)")
            try store.put(key, [:], expires: Timestamp(epochSeconds: number), in: invocation)
        }
        try sqlite.withConnection(in: invocation) { (connection) throws(StoreError) in
            #expect(try connection.runOnce("SELECT group_concat(sort) FROM records") == "4")
        }
    }

    /// Changes the file behind the store's back.
    private func sqlite(_ statement: String) throws {
        let tool = try SQLiteConnection(unprepared: path)
        _ = try tool.runOnce(statement)
    }
}

/// Runs the body on a thread that has none of root's rights over files, and returns what it returned.
private func asNobody<Result>(_ body: @escaping () -> Result) -> Result? {
    nonisolated(unsafe) let body = body
    nonisolated(unsafe) var result: Result?
    // The identity by which Linux judges access to files is each thread's own; glibc does not export it to Swift.
    typealias SetIdentity = @convention(c) (uid_t) -> CInt
    let setIdentity = unsafeBitCast(dlsym(nil, "setfsuid"), to: SetIdentity.self)
    let thread = PartnerCore.Thread {
        if geteuid() == 0 { _ = setIdentity(65_534) }
        result = body()
    }
    thread?.join()
    return result
}
