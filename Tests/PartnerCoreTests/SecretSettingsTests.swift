import Testing

@testable import PartnerCore

/// A vault that counts its fetches, by id.
private final class ScriptedVault: Sendable {
    let secrets: Lock<[String: Result<Secret, SecretError>]>
    let fetches = Lock<[String]>([])
    let seconds = Lock(0)
    /// How many fetches were under way at once.
    private let underWay = Lock((now: 0, most: 0))

    /// How many fetches are to meet before any of them ends.
    private let together: Int

    init(_ secrets: [String: Result<Secret, SecretError>], together: Int = 1) {
        self.secrets = Lock(secrets)
        self.together = together
    }

    var mostAtOnce: Int { underWay.withLock { $0.most } }

    func reader(_ variables: [String: String], declaring names: [String]) -> SettingsReader {
        var vault = SecretVault(
            open: { [self] _ in
                { [self] (id, _) throws(SecretError) in
                    fetches.withLock { $0.append(id) }
                    underWay.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                    underWay.notify()
                    defer { underWay.withLock { $0.now -= 1 } }
                    // Until the others are here too, which they are if they come at once.
                    _ = underWay.wait(until: .after(milliseconds: 20_000)) { $0.most >= together ? true : nil }
                    return try (secrets.withLock { $0[id] } ?? .failure(.noText)).get()
                }
            },
            declared: {
                var settings = SettingsReader.describing
                for name in names { _ = settings.secret(name, "a test") }
                _ = settings.text("TEXT", "a test")
                return settings
            })
        vault.now = { [self] in Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
        return SettingsReader(Environment(variables), vaults: [vault])
    }
}

@Suite("Secrets out of a vault")
struct SecretSettingsTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    @Test("all are fetched at once with the first that is asked for, and each id once")
    func parallel() {
        let vault = ScriptedVault(
            ["json": .success(Secret(#"{"a":"1","b":"2"}"#)), "plain": .success(Secret("3"))], together: 2)
        var settings = vault.reader(
            ["A_SECRET": "json#a", "B_SECRET": "json#b", "C_SECRET": "plain", "D": "4", "TEXT_SECRET": "no/secret"],
            declaring: ["A", "B", "C", "D"])
        #expect(settings.secret("A", "a test") == Secret("1"))
        #expect(vault.fetches.withLock { $0.sorted() } == ["json", "plain"])
        #expect(vault.mostAtOnce == 2)
        #expect(settings.secret("B", "a test") == Secret("2"))
        #expect(settings.secret("C", "a test") == Secret("3"))
        #expect(settings.secret("D", "a test") == Secret("4"))
        #expect(settings.problems.isEmpty)
        #expect(vault.fetches.withLock { $0.count } == 2)
    }

    @Test("nothing is fetched where no secret is in the vault, and nothing for a list of settings")
    func nothing() {
        let vault = ScriptedVault([:])
        var settings = vault.reader(["A": "1", "TEXT_SECRET": "id"], declaring: ["A"])
        _ = settings.secret("A", "a test")
        #expect(vault.fetches.withLock { $0.isEmpty })
        var describing = SettingsReader.describing
        _ = describing.secret("A", "a test")
        #expect(describing.help.contains("; or A_FILE or A_SECRET"))
    }

    @Test("every problem is told with its setting's name, and without a word of the secret")
    func problems() {
        let vault = ScriptedVault([
            "json": .success(Secret(#"{"a":"s3cret"}"#)), "plain": .success(Secret("s3cret")),
            "denied": .failure(.notFetched(reason: "access denied")),
        ])
        let references = [
            "A": "json#b", "B": "plain#a", "C": "missing", "D": "denied", "E": "s3cret to be, misplaced",
        ]
        let names = references.keys.sorted()
        var settings = vault.reader(
            Dictionary(uniqueKeysWithValues: references.map { ($0.key + "_SECRET", $0.value) }), declaring: names)
        for name in names { _ = settings.secret(name, "a test") }
        #expect(
            settings.problemList == """
                  A_SECRET: the secret has no such key
                  B_SECRET: the secret is not a JSON object, so it has no keys
                  C_SECRET: the secret holds no text there
                  D_SECRET: the secret could not be fetched: access denied
                  E_SECRET: expected the id or ARN of a secret in AWS Secrets Manager, or projects/PROJECT/secrets/SECRET in Google's, or either with #key

                """)
        #expect(settings.table == names.map { "\($0)  -\n" }.joined() + "\n")
        #expect(vault.fetches.withLock { $0.count } == 4)
    }

    @Test("the table masks what was fetched")
    func masked() {
        let vault = ScriptedVault(["id": .success(Secret("s3cret"))])
        var settings = vault.reader(["NAME_SECRET": "id"], declaring: ["NAME"])
        _ = settings.secret("NAME", "a test")
        #expect(settings.table == "NAME  <redacted>\n\n")
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("s3cret"))
    }

    @Test(
        "a secret is given in one way only",
        arguments: [
            ["NAME": "a", "NAME_SECRET": "id"], ["NAME_FILE": "/nonexistent", "NAME_SECRET": "id"],
            ["NAME": "a", "NAME_FILE": "b", "NAME_SECRET": "id"],
        ])
    func twice(variables: [String: String]) {
        let vault = ScriptedVault(["id": .success(Secret("s3cret"))])
        var settings = vault.reader(variables, declaring: ["NAME"])
        _ = settings.secret("NAME", "a test")
        #expect(settings.problemList == "  NAME: set only one of NAME, NAME_FILE and NAME_SECRET\n")
        #expect(vault.fetches.withLock { $0.isEmpty })
    }

    /// An upstream that takes one secret, and counts how often it was asked.
    private func upstream(taking secret: String, asked: Lock<Int>) throws -> HTTPServer {
        let server = try HTTPServer(port: 0) { request in
            asked.withLock { $0 += 1 }
            guard String(decoding: request.body, as: UTF8.self).contains(#""clientSecret":"\#(secret)""#) else {
                return .response(Response(status: 401, headers: [:], body: []))
            }
            return .response(
                .json(200, ["access_token": "user-1", "expires_in": 3600, "scope": "user"]))
        }
        Thread { server.run() }!.detach()
        return server
    }

    private func api(_ vault: ScriptedVault, _ server: HTTPServer) -> OwnliAPI {
        var settings = vault.reader(
            [
                "OWNLI_BASE_URL": "http://127.0.0.1:\(server.port)", "OWNLI_CLIENT_ID": "id",
                "OWNLI_CLIENT_SECRET_SECRET": "ownli#key", "OWNLI_PARTNER_ID": "partner",
            ], declaring: ["OWNLI_CLIENT_SECRET"])
        return OwnliAPI(reading: &settings)
    }

    @Test("a rotated secret is fetched after the upstream refuses the old one, and the call is made once more")
    func rotation() throws {
        let asked = Lock(0)
        let server = try upstream(taking: "new", asked: asked)
        defer { server.stop() }
        let vault = ScriptedVault(["ownli": .success(Secret(#"{"key":"old"}"#))])
        let api = api(vault, server)
        vault.secrets.withLock { $0["ownli"] = .success(Secret(#"{"key":"new"}"#)) }
        vault.seconds.withLock { $0 = 60 }
        #expect(try api.mintToken(.user, in: invocation).secret == Secret("user-1"))
        #expect(asked.withLock { $0 } == 2)
        #expect(try api.mintToken(.user, in: invocation).secret == Secret("user-1"))
        #expect(asked.withLock { $0 } == 3)
        #expect(vault.fetches.withLock { $0.count } == 2)
    }

    @Test("a secret that is still the refused one is not sent again, and not fetched with every invocation")
    func stillWrong() throws {
        let asked = Lock(0)
        let server = try upstream(taking: "new", asked: asked)
        defer { server.stop() }
        let vault = ScriptedVault(["ownli": .success(Secret(#"{"key":"old"}"#))])
        let api = api(vault, server)
        vault.seconds.withLock { $0 = 60 }
        for _ in 1...5 {
            #expect(throws: OwnliError.credentialsRejected(status: 401)) {
                try api.mintToken(.user, in: invocation)
            }
        }
        #expect(asked.withLock { $0 } == 5)
        #expect(vault.fetches.withLock { $0.count } == 2)
    }

    @Test("a new secret that is refused as well is the end")
    func newIsWrongToo() throws {
        let asked = Lock(0)
        let server = try upstream(taking: "newer", asked: asked)
        defer { server.stop() }
        let vault = ScriptedVault(["ownli": .success(Secret(#"{"key":"old"}"#))])
        let api = api(vault, server)
        vault.secrets.withLock { $0["ownli"] = .success(Secret(#"{"key":"new"}"#)) }
        vault.seconds.withLock { $0 = 60 }
        #expect(throws: OwnliError.credentialsRejected(status: 401)) { try api.mintToken(.user, in: invocation) }
        #expect(asked.withLock { $0 } == 2)
    }
}
