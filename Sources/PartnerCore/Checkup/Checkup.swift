/// Looks at everything that the functions need, as far as the settings name it: what is well, what is not, and what to do
/// next. It changes nothing.
///
/// Settings of one thing that are wrong are a finding, and leave the others alone.
public struct Checkup: Sendable {
    typealias Check = @Sendable (Invocation) -> [Finding]

    private var checks: [Check] = []

    public init(reading settings: inout SettingsReader) {
        let store = read("store", ["STORE_URL"], &settings) { RecordStore(reading: &$0) }
        if let store { checks.append { store.findings(in: $0) } }
        if let ownli = read(
            "Ownli", ["OWNLI_CLIENT_ID", "OWNLI_CLIENT_SECRET"], &settings, { OwnliCheck(reading: &$0) })
        {
            checks.append { ownli.findings(in: $0) }
        }
        let ownerRez = read("OwnerRez", ["OWNERREZ_CLIENT_ID", "OWNERREZ_CLIENT_SECRET"], &settings) {
            OwnerRezCheck(reading: &$0)
        }
        if let ownerRez { checks.append { ownerRez.findings(in: $0) } }
        if let issuer = read("issuer", ["AUTH_ISSUER"], &settings, { IssuerCheck(reading: &$0) }) {
            checks.append { issuer.findings(in: $0) }
        }
        if let sealer = read("token keys", ["TOKEN_ENCRYPTION_KEYS"], &settings, { TokenSealer(reading: &$0) }) {
            checks.append { sealer.findings(of: store, in: $0) }
        }
        if let store {
            checks.append { ConnectionsCheck(store).findings(in: $0) }
            checks.append { EventsCheck(store).findings(in: $0) }
        }
        if let target = read("events' target", ["EVENTS_TARGET"], &settings, { TargetCheck(reading: &$0) }) {
            checks.append { target.findings(in: $0) }
        }
        let queues = read("rewards' queues", ["REWARD_QUEUE_URL", "REWARD_DEAD_LETTER_URLS"], &settings) {
            RewardQueueCheck(reading: &$0)
        }
        if let queues { checks.append { queues.findings(in: $0) } }
        if let trust = read("trusted authorities", [], &settings, { TrustStore(reading: &$0) }) {
            checks.append { (_) in [trust.finding] }
        }
        let kept = settings.namesOfKeptSecrets
        if kept.isEmpty {
            tell([Finding(.none, "secrets", "none is kept in AWS Secrets Manager")])
        } else if let secrets = read("secrets", [], &settings, { SecretsCheck(kept, reading: &$0) }) {
            checks.append { secrets.findings(in: $0) }
        }
    }

    /// All at once, and in their order.
    ///
    /// - Parameter invocation: one for each of them.
    public func run(in invocation: @escaping @Sendable () -> Invocation) -> [Finding] {
        let findings = Lock([[Finding]](repeating: [], count: checks.count))
        concurrently(checks.count, atMost: checks.count) { index in
            let found = checks[index](invocation())
            findings.withLock { $0[index] = found }
        }
        return findings.withLock { $0 }.flatMap { $0 }
    }

    /// - Parameter names: of which one at least has to be set, in any of a secret's ways; none: it is always there.
    /// - Returns: nil where nothing is set, or something is wrong.
    private mutating func read<Part>(
        _ what: String, _ names: [String], _ settings: inout SettingsReader, _ read: (inout SettingsReader) -> Part
    ) -> Part? {
        guard settings.isDescribing || names.isEmpty || names.contains(where: { settings.isSet($0) }) else {
            tell([Finding(.none, what, "not configured: \(names.joined(separator: ", "))")])
            return nil
        }
        let (part, problems) = settings.apart(read)
        guard problems.isEmpty else {
            tell(problems.map { Finding(.fail, what, $0.description, next: "README, Settings") })
            return nil
        }
        return part
    }

    private mutating func tell(_ findings: [Finding]) { checks.append { (_) in findings } }
}

extension SettingsReader {
    /// In any of the ways in which a secret may come.
    fileprivate func isSet(_ name: String) -> Bool {
        ["", "_FILE", "_SECRET"].contains { environment[name + $0] != nil }
    }

    /// Those of all that were read before, which are set as NAME_SECRET.
    fileprivate var namesOfKeptSecrets: [String] {
        entries.filter { $0.isSecret && environment[$0.name + "_SECRET"] != nil }.map { $0.name }
    }
}
