import CSQLite

/// A connection to a SQLite file. For one thread at a time.
final class SQLiteDatabase {
    enum Failure: Error {
        /// SQLite's result code.
        case result(Int32)

        /// SQLite's own words for the code: no data is in them.
        var reason: String {
            switch self {
            case .result(let code): String(cString: sqlite3_errstr(code))
            }
        }
    }

    enum Value {
        case text(String)
        case integer(Int)
        case null
    }

    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    init(path: String) throws(Failure) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let result = sqlite3_open_v2(path, &handle, flags, nil)
        guard result == SQLITE_OK, let handle else {
            sqlite3_close(handle)
            throw .result(result)
        }
        self.handle = handle
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close(handle)
    }

    /// How long a statement waits for another process's lock.
    func setBusyTimeout(milliseconds: Int) {
        sqlite3_busy_timeout(handle, Int32(milliseconds))
    }

    /// Runs statements that bind nothing.
    func execute(_ sql: String) throws(Failure) {
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw .result(result) }
    }

    /// Runs one statement, and reads each of its rows. The statement is prepared once and kept.
    func query<Row>(_ sql: String, _ values: [Value] = [], _ read: (Columns) -> Row) throws(Failure) -> [Row] {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() { bind(value, to: statement, at: Int32(index + 1)) }
        var rows: [Row] = []
        while true {
            let result = sqlite3_step(statement)
            switch result {
            case SQLITE_ROW: rows.append(read(Columns(statement: statement)))
            case SQLITE_DONE: return rows
            default: throw .result(result)
            }
        }
    }

    /// How many rows the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    private func prepared(_ sql: String) throws(Failure) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        let result = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        guard result == SQLITE_OK, let statement else { throw .result(result) }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: Value, to statement: OpaquePointer, at index: Int32) {
        switch value {
        case .text(let text): csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
        case .integer(let number): sqlite3_bind_int64(statement, index, sqlite3_int64(number))
        case .null: sqlite3_bind_null(statement, index)
        }
    }

    /// The columns of the present row.
    struct Columns {
        fileprivate let statement: OpaquePointer

        func text(_ index: Int32) -> String {
            let bytes = UnsafeRawBufferPointer(
                start: sqlite3_column_text(statement, index), count: Int(sqlite3_column_bytes(statement, index)))
            return String(decoding: bytes, as: UTF8.self)
        }

        func integer(_ index: Int32) -> Int { Int(sqlite3_column_int64(statement, index)) }

        func optionalInteger(_ index: Int32) -> Int? {
            sqlite3_column_type(statement, index) == SQLITE_NULL ? nil : integer(index)
        }
    }
}
