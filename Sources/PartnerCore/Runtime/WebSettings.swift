/// What the environment says of the HTTP server.
struct WebSettings: Sendable {
    let port: Int
    /// What a request may take.
    let timeLimitMilliseconds: Int
    /// Bytes of bodies that are in flight.
    let bodyBudget: Int
    let crossOrigin: CrossOrigin
    /// Whether upstreams are told of the caller's trace.
    let followsTraces: Bool

    private static let mebibyte = 1_048_576

    init(reading settings: inout SettingsReader) {
        port = settings.value(
            "PORT", default: "0", placeholder: 0, expected: "a port, 0 to 65535",
            "serves HTTP there, when it is set; 0 is any that is free"
        ) { text in
            guard let number = HTTPSyntax.decimal(text.utf8), number <= 65_535 else { return nil }
            return number
        }
        timeLimitMilliseconds =
            1000
            * settings.value(
                "CLOUD_RUN_TIMEOUT_SECONDS", default: "30", placeholder: 0, expected: "1 to 3600 seconds",
                "what a request may take over HTTP; Cloud Run sets it"
            ) { text in
                guard let number = HTTPSyntax.decimal(text.utf8), (1...3600).contains(number) else { return nil }
                return number
            }
        // A body's JSON takes several times its bytes, and there is more to be kept in memory.
        let share = max(1, MemoryLimit().bytes / 16 / Self.mebibyte)
        bodyBudget =
            Self.mebibyte
            * settings.value(
                "HTTP_BODY_BUDGET", default: "\(share)", placeholder: 1, expected: "1 to 1048576 MiB",
                "MiB of requests' bodies that are in flight over HTTP; a sixteenth of the memory if not set"
            ) { text in
                guard let number = HTTPSyntax.decimal(text.utf8), (1...1_048_576).contains(number) else { return nil }
                return number
            }
        crossOrigin = CrossOrigin(reading: &settings)
        followsTraces = settings.followsTraces()
    }
}
