import CSQLite
import CSystem

/// One connection to a store's file, for one thread at a time.
final class SQLiteConnection {
    enum Value {
        case text(String)
        case integer(Int)
        case null
    }

    /// A row of a result, for as long as the statement stands on it.
    struct Row {
        fileprivate let statement: OpaquePointer

        func text(_ column: Int32) -> String {
            let start = sqlite3_column_text(statement, column)
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Nil for NULL.
        func integer(_ column: Int32) -> Int? {
            guard sqlite3_column_type(statement, column) != SQLITE_NULL else { return nil }
            return Int(sqlite3_column_int64(statement, column))
        }
    }

    let handle: OpaquePointer
    private var statements = [OpaquePointer?](repeating: nil, count: SQLiteQuery.allCases.count)

    /// Opens the file as a store, and makes it when there is none, unless it has to exist.
    convenience init(path: String, hasToExist: Bool = false, deadline: Deadline) throws(StoreError) {
        try self.init(unprepared: path, hasToExist: hasToExist)
        try prepareFile(hasToExist: hasToExist, deadline)
    }

    /// Opens the file without a look inside.
    init(unprepared path: String, hasToExist: Bool = false) throws(StoreError) {
        // Names like ":memory:" and "file:..." mean something else to SQLite, but not below a directory.
        let path = path.utf8.first == UInt8(ascii: "/") ? path : "./\(path)"
        if hasToExist {
            guard exists(path) else { throw .unavailable(reason: "there is no such file") }
        } else {
            try Self.create(path)
        }
        try Self.checkAccess(path)
        var opened: OpaquePointer?
        // No mutex: whoever has the connection has it alone.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let status = sqlite3_open_v2(path, &opened, flags, nil)
        guard status == SQLITE_OK, let opened else {
            let error = StoreError(status, opened)
            sqlite3_close(opened)
            throw error
        }
        handle = opened
    }

    deinit {
        for statement in statements { sqlite3_finalize(statement) }
        sqlite3_close(handle)
    }

    /// Makes the file before SQLite would, with access for its owner alone; SQLite gives the files beside it the same.
    ///
    /// Not by open(2): closing a descriptor drops every lock that this process has on the file, SQLite's too.
    private static func create(_ path: String) throws(StoreError) {
        guard mknod(path, mode_t(S_IFREG | S_IRUSR | S_IWUSR), 0) != 0, csystem_errno() != EEXIST else { return }
        throw .unavailable(reason: "the file cannot be made: \(SystemError.last.reason)")
    }

    /// From now on SQLite waits for other processes until then.
    func waitForOthers(until deadline: Deadline) {
        sqlite3_busy_timeout(handle, Int32(clamping: max(0, deadline.remainingMilliseconds)))
    }

    /// How many rows the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// Runs a statement to its end, handing every row to `take`.
    func run(
        _ query: SQLiteQuery, _ values: [Value] = [], take: (Row) throws(StoreError) -> Void = { _ in }
    ) throws(StoreError) {
        let statement = try prepared(query)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() { try bind(value, to: Int32(index + 1), of: statement) }
        try step(statement, take)
    }

    /// Runs a statement that is needed once, and returns the first column of its first row.
    func runOnce(_ sql: String) throws(StoreError) -> String? {
        let statement = try prepare(sql, flags: 0)
        defer { sqlite3_finalize(statement) }
        var result: String?
        try step(statement) { (row) throws(StoreError) in result = result ?? row.text(0) }
        return result
    }

    /// All that `body` writes, or nothing of it; and all that it reads as of one moment.
    func transaction<Result>(
        _ begin: SQLiteQuery = .beginWriting, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try run(begin)
        do throws(StoreError) {
            let result = try body()
            try run(.commit)
            return result
        } catch {
            // SQLite itself has rolled back after some errors, a full disk among them.
            if sqlite3_get_autocommit(handle) == 0 { try? run(.rollback) }
            throw error
        }
    }

    /// SQLite opens a file that it may not write without a word.
    var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

    private func prepared(_ query: SQLiteQuery) throws(StoreError) -> OpaquePointer {
        if let statement = statements[query.rawValue] { return statement }
        let statement = try prepare(query.sql, flags: UInt32(SQLITE_PREPARE_PERSISTENT))
        statements[query.rawValue] = statement
        return statement
    }

    private func prepare(_ sql: String, flags: UInt32) throws(StoreError) -> OpaquePointer {
        var statement: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil)
        guard status == SQLITE_OK, let statement else { throw StoreError(status, handle) }
        return statement
    }

    private func bind(_ value: Value, to index: Int32, of statement: OpaquePointer) throws(StoreError) {
        let status =
            switch value {
            case .text(let text): csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
            case .integer(let integer): sqlite3_bind_int64(statement, index, sqlite3_int64(integer))
            case .null: sqlite3_bind_null(statement, index)
            }
        guard status == SQLITE_OK else { throw StoreError(status, handle) }
    }

    private func step(_ statement: OpaquePointer, _ take: (Row) throws(StoreError) -> Void) throws(StoreError) {
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try take(Row(statement: statement))
            case SQLITE_DONE: return
            case let status: throw StoreError(status, handle)
            }
        }
    }
}

extension StoreError {
    /// From a result code. The text is SQLite's for that code, not for the statement, which could quote data.
    fileprivate init(_ status: Int32, _ handle: OpaquePointer?) {
        switch status & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .timedOut
        default:
            var reason = "\(String(cString: sqlite3_errstr(status))) (SQLite \(status))"
            let code = sqlite3_system_errno(handle)
            if [SQLITE_CANTOPEN, SQLITE_IOERR].contains(status & 0xff), code != 0 {
                reason += ": \(SystemError(code: code).reason)"
            }
            self = .unavailable(reason: reason)
        }
    }
}
