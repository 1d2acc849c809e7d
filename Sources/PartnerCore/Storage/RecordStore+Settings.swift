extension RecordStore {
    /// What `STORE_URL` names.
    private enum Location {
        case sqlite(path: String)
        case dynamoDB(table: String)
        case firestore(FirestoreDatabase)
        case unknown

        init?(_ url: String) {
            let parts = url.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard parts.count == 2, !parts[1].isEmpty else { return nil }
            switch parts[0] {
            case "sqlite": self = .sqlite(path: parts[1])
            case "dynamodb" where Self.isTableName(parts[1]): self = .dynamoDB(table: parts[1])
            case "firestore":
                guard let database = FirestoreDatabase(parts[1]) else { return nil }
                self = .firestore(database)
            default: return nil
            }
        }

        /// 3 to 255 of `a-zA-Z0-9_.-` (DynamoDB, naming rules).
        private static func isTableName(_ text: String) -> Bool {
            (3...255).contains(text.utf8.count)
                && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_.-".utf8.contains($0) }
        }
    }

    /// Opens the store that the settings name.
    public init(reading settings: inout SettingsReader) {
        self = .notOpened
        let location = settings.value(
            "STORE_URL", default: settings.storeHasToExist ? nil : "sqlite:partner.sqlite",
            placeholder: Location.unknown,
            expected: "sqlite:PATH, dynamodb:TABLE or firestore:PROJECT[/DATABASE]",
            "where records are kept; on Lambda and Cloud Run it has to be a durable store"
        ) { Location($0) }
        let allowsEphemeral = settings.choice(
            "STORE_EPHEMERAL", default: "refused", [("refused", false), ("allowed", true)],
            "whether a SQLite store may be used on Lambda; for emulators only: what it holds is lost with the environment"
        )
        guard !settings.isDescribing else {
            _ = AWSClient(.dynamoDB, reading: &settings)
            _ = GoogleClient(.firestore, reading: &settings)
            return
        }
        switch location {
        case .unknown: return
        case .dynamoDB(let table): self = .dynamoDB(DynamoDBStore(table: table, reading: &settings))
        case .firestore(let database): self = .firestore(FirestoreStore(database, reading: &settings))
        case .sqlite(let path):
            guard Self.keepsFiles(&settings, allowsEphemeral: allowsEphemeral) else { return }
            do {
                self = .sqlite(try SQLiteStore(path: path, hasToExist: settings.storeHasToExist))
            } catch {
                settings.problem("STORE_URL", "cannot be opened: \(error.reason)")
            }
        }
    }

    /// Whether a file will be there tomorrow. Lambda and Cloud Run throw theirs away with the environment.
    private static func keepsFiles(_ settings: inout SettingsReader, allowsEphemeral: Bool) -> Bool {
        let loss =
            "a durable store (dynamodb:TABLE or firestore:PROJECT) is needed, or the data would be lost: "
            + "SQLite's file ends with the environment"
        if settings.environment["K_SERVICE"] != nil {
            settings.problem("STORE_URL", "on Cloud Run \(loss)")
            return false
        }
        if settings.environment["AWS_LAMBDA_RUNTIME_API"] != nil {
            guard allowsEphemeral, settings.environment["STORE_URL"] != nil else {
                settings.problem("STORE_URL", "on Lambda \(loss)")
                return false
            }
        }
        return true
    }
}
