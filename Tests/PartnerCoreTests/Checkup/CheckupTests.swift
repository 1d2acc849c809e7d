import Testing

@testable import PartnerCore

@Suite("A checkup")
struct CheckupTests {
    private func run(_ environment: [String: String]) -> [String: Finding] {
        var settings = SettingsReader(Environment(environment))
        let checkup = Checkup(reading: &settings)
        #expect(settings.problems == [])
        var findings: [String: Finding] = [:]
        for finding in checkup.run(in: LongWork(step: { .forStore() })) { findings[finding.what] = finding }
        return findings
    }

    @Test("says of each thing that is not configured by which setting it would be")
    func nothing() {
        let findings = run([:])
        for (what, setting) in [
            ("store", "STORE_URL"), ("Ownli", "OWNLI_CLIENT_ID"), ("OwnerRez", "OWNERREZ_CLIENT_ID"),
            ("issuer", "AUTH_ISSUER"), ("token keys", "TOKEN_ENCRYPTION_KEYS"), ("events' target", "EVENTS_TARGET"),
            ("rewards' queues", "REWARD_QUEUE_URL"),
        ] {
            #expect(findings[what]?.state == Finding.State.leftOut)
            #expect(findings[what]?.found.contains(setting) == true)
        }
        #expect(findings["trusted authorities"]?.state == .ok)
        #expect(findings["settings"]?.state == .warn)
        #expect(findings["settings"]?.next == "run it with the settings of your functions")
    }

    @Test("tells of settings that are wrong, and looks at what is right")
    func wrong() throws {
        let directory = TestDirectory()
        let path = directory.path + "/partner.sqlite"
        _ = try SQLiteStore(path: path)
        let findings = run([
            "STORE_URL": "sqlite:" + path, "TOKEN_ENCRYPTION_KEYS": "k1:c2hvcnQ=", "EVENTS_TARGET": "s3:bucket",
        ])
        #expect(findings["store"]?.state == .ok && findings["store's file"]?.state == .ok)
        #expect(findings["token keys"]?.found.hasPrefix("TOKEN_ENCRYPTION_KEYS: expected id:base64") == true)
        #expect(findings["events' target"]?.found.hasPrefix("EVENTS_TARGET: expected store:") == true)
        for what in ["token keys", "events' target"] { #expect(findings[what]?.state == .fail) }
    }

    @Test("declares every setting that it reads, for --help")
    func settings() {
        var settings = SettingsReader.describing
        _ = Checkup(reading: &settings)
        let names = settings.entries.map { $0.name }
        for name in [
            "STORE_URL", "OWNLI_CLIENT_SECRET", "OWNERREZ_CLIENT_SECRET", "AUTH_ISSUER", "TOKEN_ENCRYPTION_KEYS",
            "EVENTS_TARGET", "REWARD_DEAD_LETTER_URLS", "SSL_CERT_DIR",
        ] {
            #expect(names.contains { $0 == name })
        }
    }

    @Test(
        "takes a clock for right within ten seconds, and for wrong beyond four minutes",
        arguments: [
            (0, Finding.State.ok), (9, .ok), (-9, .ok), (15, .warn), (-100, .warn), (400, .fail), (-400, .fail),
        ])
    func clock(seconds: Int, state: Finding.State) {
        let finding = Finding(clock: seconds * 1000, by: "Ownli's")
        #expect(finding.state == state)
        #expect((finding.next == nil) == (state == .ok))
        if state != .ok { #expect(finding.found.contains(seconds > 0 ? "behind Ownli's" : "ahead of Ownli's")) }
    }
}

@Suite("Which keys stored tokens are sealed with")
struct TokenKeysCheckTests {
    private func finding(_ keys: String, _ store: RecordStore) throws -> Finding? {
        var settings = SettingsReader(Environment(["TOKEN_ENCRYPTION_KEYS": keys]))
        let findings = ConnectionsCheck(store, TokenSealer(reading: &settings)).findings(
            in: LongWork(step: { .forStore() }))
        return findings.first { $0.what == "token keys" }
    }

    @Test("is told, with what to do", arguments: Backend.allCases)
    func keys(_ backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        let store = test.stores.store
        let (first, other) = (ConnectionsUnderTest.keys, "k2:" + String(repeating: "A", count: 43) + "=")
        #expect(try finding(first, store) == nil)
        try test.save()
        #expect(try finding(first, store) == Finding(.ok, "token keys", "1 under k1"))
        let late = try finding("\(other),\(first)", store)
        #expect(late?.state == .warn && late?.next == "partner-admin tokens reseal")
        #expect(try finding("\(first),\(other)", store)?.state == .warn)
        let lost = try finding(other, store)
        #expect(lost?.state == .fail && lost?.found.hasPrefix("1 under k1: ") == true)
        let another = try finding("k1:" + String(repeating: "A", count: 43) + "=", store)
        #expect(another?.state == .fail && another?.found.hasSuffix("another key of the same id") == true)
    }
}

@Suite("Certificates")
struct CertificateTests {
    @Test("are read from a text that holds several")
    func several() {
        let files = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
        guard let bundle = files.compactMap({ try? readFile($0) }).first else { return }
        let certificates = Certificate.all(in: bundle)
        #expect(certificates.count > 50)
        #expect(certificates.allSatisfy { $0.begins < $0.ends })
    }

    @Test("have the times that stand in them")
    func times() {
        #expect(
            Certificate.all(in: Array(Self.text.utf8)) == [
                Certificate(
                    begins: Timestamp(rfc3339: "2026-11-26T23:04:35Z")!,
                    ends: Timestamp(rfc3339: "2026-12-26T23:04:35Z")!)
            ])
    }

    @Test("are none where there are none", arguments: ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
    func none(text: String) { #expect(Certificate.all(in: Array(text.utf8)) == []) }

    private static let text = """
        -----BEGIN CERTIFICATE-----
        MIIBHzCB0qADAgECAgEBMAUGAytlcDAPMQ0wCwYDVQQDDAR0ZXN0MB4XDTI2MTEy
        NjIzMDQzNVoXDTI2MTIyNjIzMDQzNVowDzENMAsGA1UEAwwEdGVzdDAqMAUGAytl
        cAMhAFshT0QeGP5dql2O7b/M4+dzA8xziI09/1uN1DmP2kPxo1MwUTAdBgNVHQ4E
        FgQU97AwBJ2DSAqWcFTj8+u6spYdJ9EwHwYDVR0jBBgwFoAU97AwBJ2DSAqWcFTj
        8+u6spYdJ9EwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQCanfLak1Nk421YVqvt
        OLR9v2pr5Nb9KbNy3tHhwfDdEt3UdK2rD4WE7/lQKbhFgRZsv+XaxRIsJBqjf8B8
        so0C
        -----END CERTIFICATE-----
        """
}
