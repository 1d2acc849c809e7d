extension RecordStore {
    /// What `STORE_URL` names.
    private enum Location {
        case sqlite(path: String)
        case unknown

        init?(_ url: String) {
            let scheme = "sqlite:"
            guard url.utf8.starts(with: scheme.utf8), url.utf8.count > scheme.utf8.count else { return nil }
            self = .sqlite(path: String(url.dropFirst(scheme.count)))
        }
    }

    /// Opens the store that the settings name.
    public init(reading settings: inout SettingsReader) {
        self = .notOpened
        let location = settings.value(
            "STORE_URL", default: "sqlite:partner.sqlite", placeholder: Location.unknown, expected: "sqlite:PATH",
            "where records are kept; on Lambda and Cloud Run it has to be a durable store"
        ) { Location($0) }
        let allowsEphemeral = settings.choice(
            "STORE_EPHEMERAL", default: "refused", [("refused", false), ("allowed", true)],
            "whether a SQLite store may be used on Lambda; for emulators only: what it holds is lost with the environment"
        )
        guard !settings.isDescribing else { return }
        switch location {
        case .unknown: return
        case .sqlite(let path):
            guard Self.keepsFiles(&settings, allowsEphemeral: allowsEphemeral) else { return }
            do {
                self = .sqlite(try SQLiteStore(path: path))
            } catch {
                settings.problem("STORE_URL", "cannot be opened: \(error.reason)")
            }
        }
    }

    /// Whether a file will be there tomorrow. Lambda and Cloud Run throw theirs away with the environment.
    private static func keepsFiles(_ settings: inout SettingsReader, allowsEphemeral: Bool) -> Bool {
        let loss = "a durable store is needed, or the data would be lost: SQLite's file ends with the environment"
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
