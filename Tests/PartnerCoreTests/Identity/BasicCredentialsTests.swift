import Testing

@testable import PartnerCore

@Suite("Basic credentials (RFC 7617)")
struct BasicCredentialsTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    private func credentials(_ changes: [String: String] = [:]) -> (BasicCredentials, [SettingsReader.Problem]) {
        var settings = SettingsReader(
            Environment(
                ["HOOK_USER": "Aladdin", "HOOK_PASSWORD": "open sesame"].merging(changes) { $1 }))
        let credentials = BasicCredentials("HOOK", realm: "caves", shortest: 5, reading: &settings)
        return (credentials, settings.problems)
    }

    private func admits(_ credentials: BasicCredentials, _ fields: String...) -> Bool {
        var headers = Headers()
        for field in fields { headers.add("authorization", field) }
        let request = Request(method: "POST", path: "/", headers: headers)
        do throws(FunctionError) {
            try credentials.admit(request, in: invocation)
            return true
        } catch {
            #expect(error.status == 401)
            #expect(error.challenge == #"Basic realm="caves", charset="UTF-8""#)
            return false
        }
    }

    @Test("the RFC's own example")
    func example() {
        #expect(admits(credentials().0, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))
    }

    @Test("a password with colons, and letters beyond ASCII on both sides")
    func colonsAndLetters() {
        let (credentials, problems) = credentials(["HOOK_USER": "Žofie", "HOOK_PASSWORD": "a:b:£"])
        #expect(problems == [])
        #expect(admits(credentials, "Basic " + Base64.encode(Array("Žofie:a:b:£".utf8))))
        #expect(!admits(credentials, "Basic " + Base64.encode(Array("Žofie:a".utf8))))
    }

    @Test(
        "what is nearly that is not that",
        arguments: [
            "", "Basic", "Basic ", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== ",
            "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic Og==", "Basic /w==",
            "Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbg==",
        ])
    func refused(field: String) {
        #expect(!admits(credentials().0, field))
    }

    @Test("no field, or two of them")
    func notOne() {
        let (credentials, _) = credentials()
        let field = "basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        #expect(admits(credentials, field))
        #expect(!admits(credentials))
        #expect(!admits(credentials, field, field))
    }

    @Test("the previous password is good beside the new one")
    func previous() {
        let (credentials, _) = credentials(["HOOK_PASSWORD_PREVIOUS": "close sesame"])
        for (password, isGood) in [("open sesame", true), ("close sesame", true), ("", false), ("open", false)] {
            let field = "Basic " + Base64.encode(Array("Aladdin:\(password)".utf8))
            #expect(admits(credentials, field) == isGood)
        }
    }

    @Test("a password that can be guessed is a problem, the previous one too", arguments: ["a", "1234"])
    func short(_ password: String) {
        for name in ["HOOK_PASSWORD", "HOOK_PASSWORD_PREVIOUS"] {
            let problems = credentials([name: password]).1
            #expect(
                problems.map { $0.description } == [
                    "\(name): can be guessed: at least 5 characters are needed (openssl rand -hex 16)"
                ])
        }
        #expect(credentials(["HOOK_PASSWORD": "12345"]).1.isEmpty)
    }

    @Test("what is not set or cannot be sent is a problem")
    func problems() {
        for (changes, name) in [
            (["HOOK_USER": ""], "HOOK_USER"), (["HOOK_USER": "a:b"], "HOOK_USER"),
            (["HOOK_PASSWORD": ""], "HOOK_PASSWORD"),
            (["HOOK_PASSWORD_PREVIOUS_FILE": "/no"], "HOOK_PASSWORD_PREVIOUS_FILE"),
        ] {
            #expect(credentials(changes).1.map { $0.name } == [name])
        }
    }

    @Test("a password that was replaced in the vault is fetched again, and good from then on")
    func renewed() {
        let kept = Lock("open sesame")
        let seconds = Lock(0)
        var vault = SecretVault(
            open: { _ in { (_, _) throws(SecretError) in Secret(kept.withLock { $0 }) } },
            declared: { SettingsReader.describing })
        vault.now = { Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
        var settings = SettingsReader(
            Environment(["HOOK_USER": "Aladdin", "HOOK_PASSWORD_SECRET": "hook"]), vaults: [vault])
        let credentials = BasicCredentials("HOOK", realm: "caves", shortest: 5, reading: &settings)
        kept.withLock { $0 = "close sesame" }
        let field = "Basic " + Base64.encode(Array("Aladdin:close sesame".utf8))
        #expect(!admits(credentials, field))
        seconds.withLock { $0 = 60 }
        #expect(admits(credentials, field))
        #expect(!admits(credentials, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))
    }
}
