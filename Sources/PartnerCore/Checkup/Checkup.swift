/// Looks at everything that the functions need, as far as the settings name it: what is well, what is not, and what to do
/// next. It changes nothing.
///
/// Settings of one thing that are wrong are a finding, and leave the others alone. What they say nothing of is left out,
/// and told as that: a company may have one partner alone.
public struct Checkup: Sendable {
    typealias Check = @Sendable (LongWork) -> [Finding]

    private var checks: [Check] = []
    /// Of those who tell the time with each answer.
    private var clocks: [(whose: String, clock: PeerClock)] = []
    /// Whether a finding tells of a setting already.
    private var hasProblem = false

    public init(reading settings: inout SettingsReader) {
        readStore(&settings)
        if let ownli = read(
            "Ownli", ["OWNLI_CLIENT_ID", "OWNLI_CLIENT_SECRET"], &settings, { OwnliCheck(reading: &$0) })
        {
            clocks.append(("Ownli's", ownli.peerClock))
            checks.append { ownli.findings(in: $0) }
        }
        let ownerRez = read("OwnerRez", ["OWNERREZ_CLIENT_ID", "OWNERREZ_CLIENT_SECRET"], &settings) {
            OwnerRezCheck(reading: &$0)
        }
        if let ownerRez {
            clocks.append(("OwnerRez's", ownerRez.peerClock))
            checks.append { ownerRez.findings(in: $0) }
        }
        if let issuer = read("issuer", ["AUTH_ISSUER"], &settings, { IssuerCheck(reading: &$0) }) {
            checks.append { issuer.findings(in: $0) }
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
        readRest(&settings)
        let kept = settings.namesOfKeptSecrets
        if kept.isEmpty {
            tell([Finding(.leftOut, "secrets' age", "none is kept in AWS Secrets Manager")])
        } else if let secrets = read("secrets' age", [], &settings, { SecretsCheck(kept, reading: &$0) }) {
            checks.append { secrets.findings(in: $0) }
        }
    }

    /// All at once; told with the worst first, and else in their order.
    ///
    /// - Parameter work: its steps bound how long whoever does not answer is waited for.
    public func run(in work: LongWork) -> [Finding] {
        let findings = Lock([[Finding]](repeating: [], count: checks.count))
        let done = Lock(0)
        concurrently(checks.count, atMost: checks.count) { index in
            let found = checks[index](work)
            findings.withLock { $0[index] = found }
            let count = done.withLock { done in
                done += 1
                return done
            }
            work.tell("\(count) of \(checks.count) looked at")
        }
        let all = findings.withLock { $0 }.flatMap { $0 } + [clock]
        return Finding.State.allCases.flatMap { state in all.filter { $0.state == state } }
    }

    /// By whoever is furthest from this machine's own.
    private var clock: Finding {
        var furthest: (whose: String, offset: Int)?
        for (whose, clock) in clocks {
            guard let offset = clock.offsetMilliseconds,
                furthest.map({ offset.magnitude > $0.offset.magnitude }) ?? true
            else { continue }
            furthest = (whose, offset)
        }
        guard let furthest else { return Finding(.leftOut, "clock", "nobody was asked who tells the time") }
        return Finding(clock: furthest.offset, by: furthest.whose)
    }

    private mutating func readStore(_ settings: inout SettingsReader) {
        let store = read("store", ["STORE_URL"], &settings) { RecordStore(reading: &$0) }
        let sealer = read("token keys", ["TOKEN_ENCRYPTION_KEYS"], &settings) { TokenSealer(reading: &$0) }
        guard let store else { return }
        if let clock = store.peerClock { clocks.append(("the store's", clock)) }
        checks.append { StoreCheck(store, sealer).findings(in: $0) }
    }

    /// What only has to be right: those that are not set are demanded by whatever needs them.
    private mutating func readRest(_ settings: inout SettingsReader) {
        let (_, all) = settings.apart { settings in
            _ = IdentifierHash(reading: &settings)
            _ = ConsentReceipts(reading: &settings)
            _ = Withdrawal.retention(reading: &settings)
            _ = RewardEntry.retention(reading: &settings)
            _ = EventRetention(reading: &settings)
            _ = RewardGuards(reading: &settings, limits: RewardLimits(reading: &settings))
        }
        tell(all.filter { settings.isSet($0.name) })
        guard !hasProblem else { return }
        let count = settings.entries.filter { settings.isSet($0.name) }.count
        guard count > 0 else {
            return tell([Finding(.warn, "settings", "none is set", next: "run it with the settings of your functions")])
        }
        tell([Finding(.ok, "settings", "\(count) are set, and each is understood")])
    }

    /// - Parameter names: of which one at least has to be set, in any of a secret's ways; none: it is always there.
    /// - Returns: nil where nothing is set, or something is wrong.
    private mutating func read<Part>(
        _ what: String, _ names: [String], _ settings: inout SettingsReader, _ read: (inout SettingsReader) -> Part
    ) -> Part? {
        guard settings.isDescribing || names.isEmpty || names.contains(where: { settings.isSet($0) }) else {
            tell([Finding(.leftOut, what, "not configured: \(names.joined(separator: ", "))")])
            return nil
        }
        let (part, problems) = settings.apart(read)
        guard problems.isEmpty else {
            tell(problems, of: what)
            return nil
        }
        return part
    }

    private mutating func tell(_ problems: [SettingsReader.Problem], of what: String = "settings") {
        guard !problems.isEmpty else { return }
        hasProblem = true
        tell(problems.map { Finding(.fail, what, $0.description, next: "partner-admin doctor --help") })
    }

    private mutating func tell(_ findings: [Finding]) { checks.append { (_) in findings } }
}

extension SettingsReader {
    /// In any of the ways in which a secret may come.
    fileprivate func isSet(_ name: String) -> Bool {
        ["", "_FILE", "_SECRET"].contains { environment[name + $0] != nil }
    }

    /// Those of all that were read before, which AWS Secrets Manager keeps. Google's tells the age of none to whoever may
    /// only read it.
    fileprivate var namesOfKeptSecrets: [String] {
        entries.filter { entry in
            guard entry.isSecret, let text = environment[entry.name + "_SECRET"], let kept = SecretReference(text)
            else { return false }
            return !GoogleSecretName.isMeant(kept.id)
        }.map { $0.name }
    }
}
