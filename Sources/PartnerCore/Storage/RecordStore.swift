/// Durable records, wherever they are kept.
public enum RecordStore: Sendable {
    case sqlite(SQLiteStore)
    /// Stands in while settings are only listed, or wrong; never asked.
    case closed

    /// The record; nil when there is none, or when it has expired.
    public func get(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        try sqlite.get(key, by: invocation.deadline)
    }

    public func put(
        _ key: RecordKey, _ attributes: [String: String], expires: Timestamp? = nil, if condition: Condition = .always,
        in invocation: Invocation
    ) throws(StoreError) {
        try transact([.put(key, attributes, expires: expires, if: condition)], in: invocation)
    }

    /// Takes the record away, and returns it; of several who delete at once one gets it.
    public func delete(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        try sqlite.delete(key, by: invocation.deadline)
    }

    /// A partition's records by their sort keys.
    public func list(partition: String, in invocation: Invocation) throws(StoreError) -> [Record] {
        try sqlite.list(partition: partition, by: invocation.deadline)
    }

    /// All of the writes, or none of them.
    public func transact(_ writes: [Write], in invocation: Invocation) throws(StoreError) {
        try sqlite.transact(writes, by: invocation.deadline)
    }

    private var sqlite: SQLiteStore {
        get throws(StoreError) {
            switch self {
            case .sqlite(let store): return store
            case .closed: throw .unavailable("the store is not open")
            }
        }
    }
}

extension RecordStore {
    /// STORE_URL: `sqlite:PATH`. Where a platform takes the file away with the environment, that has to be wanted.
    public init(reading settings: inout SettingsReader) {
        self = .closed
        let name = "STORE_URL"
        let path = settings.value(
            name, default: "sqlite:partner.sqlite", placeholder: "", expected: "sqlite:PATH", "where records are kept"
        ) { text in
            text.hasPrefix("sqlite:") && text.utf8.count > 7 ? String(text.dropFirst(7)) : nil
        }
        let mayBeLost = settings.choice(
            "STORE_EPHEMERAL", default: "no", [("no", false), ("allowed", true)],
            "allowed: SQLite on Lambda or Cloud Run, where data is lost with the environment; for emulators only")
        let isEphemeral =
            settings.environment["AWS_LAMBDA_RUNTIME_API"] != nil || settings.environment["K_SERVICE"] != nil
        if isEphemeral && !mayBeLost {
            settings.problem(name, "SQLite's file would be lost here with the environment; a durable store is needed")
        }
        guard !settings.isDescribing, !path.isEmpty else { return }
        do throws(StoreError) { self = .sqlite(try SQLiteStore(path: path)) } catch {
            settings.problem(name, "cannot be opened: \(error.functionError.detail ?? "")")
        }
    }
}
