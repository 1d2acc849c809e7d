import CSystem

/// A service that keeps secrets of the settings `NAME_SECRET`.
struct SecretVault: Sendable {
    /// The whole text of the secret with this id. For any thread.
    typealias Fetch = @Sendable (_ id: String, _ invocation: Invocation) throws(SecretError) -> Secret

    /// Reads what the vault itself needs, once there is a secret to be fetched.
    let open: @Sendable (inout SettingsReader) -> Fetch
    /// What there may be to fetch: the function's settings.
    let declared: @Sendable () -> SettingsReader
    /// Whether a secret is this vault's, by its id.
    var keeps: @Sendable (_ id: String) -> Bool = { _ in true }
    var now: @Sendable () -> Instant = { .now() }

    /// Of Lambda's 10 s for the start.
    private static var longestStartMilliseconds: Int { 8000 }

    var secretNames: [String] { declared().entries.filter { $0.isSecret }.map { $0.name } }

    /// Fetches all at once: the start takes as long as the slowest of them.
    static func fetchAll(_ ids: [String], _ fetch: @escaping Fetch) -> [ExactText: Result<Secret, SecretError>] {
        let start = Invocation(
            requestID: "start", deadline: .after(milliseconds: longestStartMilliseconds),
            log: Log(descriptor: STDERR_FILENO))
        let fetched = Lock<[ExactText: Result<Secret, SecretError>]>([:])
        concurrently(ids.count, atMost: ids.count) { index in
            let result: Result<Secret, SecretError>
            do throws(SecretError) { result = .success(try fetch(ids[index], start)) } catch {
                result = .failure(error)
            }
            fetched.withLock { $0[ExactText(ids[index])] = result }
        }
        return fetched.withLock { $0 }
    }
}
