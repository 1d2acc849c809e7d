import Testing

@testable import PartnerCore

@Suite("Secrets Manager")
struct SecretsManagerTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    private let credentials = [
        "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "k3y",
        "AWS_SESSION_TOKEN": "t0ken",
    ]

    /// Asks a server that answers from a script, the last answer for ever.
    private func fetch(
        _ id: String, _ answers: [HTTPServer.Reply], requests: Lock<[Request]> = Lock([])
    ) throws -> Result<Secret, SecretError> {
        let server = try HTTPServer(port: 0) { request in
            let index = requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            return answers[min(index, answers.count - 1)]
        }
        Thread { server.run() }!.detach()
        defer { server.stop() }
        return fetch(id, credentials.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)"]) { $1 })
    }

    private func fetch(_ id: String, _ variables: [String: String]) -> Result<Secret, SecretError> {
        var settings = SettingsReader(Environment(variables))
        let fetch = SecretVault.secretsManager { .describing }.open(&settings)
        do throws(SecretError) { return .success(try fetch(id, invocation)) } catch { return .failure(error) }
    }

    private func reply(_ status: Int, _ text: String) -> HTTPServer.Reply {
        .response(Response(status: status, headers: [:], body: Array(text.utf8)))
    }

    @Test("the request on the wire")
    func request() throws {
        let requests = Lock<[Request]>([])
        let fetched = try fetch("prod/ownli", [reply(200, #"{"SecretString":"s3cret"}"#)], requests: requests)
        #expect(fetched == .success(Secret("s3cret")))
        let sent = requests.withLock { $0 }
        #expect(sent.count == 1)
        #expect(sent[0].method == "POST" && sent[0].path == "/")
        #expect(String(decoding: sent[0].body, as: UTF8.self) == #"{"SecretId":"prod/ownli"}"#)
        #expect(sent[0].headers["X-Amz-Target"] == "secretsmanager.GetSecretValue")
        #expect(sent[0].headers["Content-Type"] == "application/x-amz-json-1.1")
        #expect(sent[0].headers["X-Amz-Security-Token"] == "t0ken")
        let authorization = try #require(sent[0].headers["Authorization"])
        #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"))
        #expect(authorization.contains("/eu-central-1/secretsmanager/aws4_request"))
    }

    @Test(
        "what is wrong is told in AWS's word for it, without another of its words, and asked for once",
        arguments: [
            (400, "ResourceNotFoundException", "what was asked for does not exist (ResourceNotFoundException)"),
            (400, "AccessDeniedException", "the credentials do not allow this (AccessDeniedException)"),
            (400, "DecryptionFailure", "the request was refused (DecryptionFailure)"),
            (400, "ExpiredTokenException", "the session token has expired (ExpiredTokenException)"),
            (400, "UnrecognizedClientException", "the credentials were not accepted (UnrecognizedClientException)"),
            (403, "InvalidSignatureException", "the credentials were not accepted (InvalidSignatureException)"),
        ])
    func refused(status: Int, type: String, expected: String) throws {
        let requests = Lock<[Request]>([])
        let answer = reply(status, #"{"__type":"com.amazonaws#\#(type)","Message":"s3cret"}"#)
        #expect(try fetch("id", [answer], requests: requests) == .failure(.notFetched(reason: expected)))
        #expect(requests.withLock { $0.count } == 1)
    }

    @Test("a binary secret has no text", arguments: [#"{"SecretBinary":"czNjcmV0"}"#, #"{"SecretString":""}"#, "{}"])
    func binary(text: String) throws {
        #expect(try fetch("id", [reply(200, text)]) == .success(Secret("")))
        #expect(throws: SecretError.noText) { try SecretReference("id")!.value(in: Secret("")) }
    }

    @Test("a service that fails or is busy is asked again")
    func retried() throws {
        let throttled = reply(400, #"{"__type":"ThrottlingException"}"#)
        let failing = reply(500, #"{"__type":"InternalServiceError"}"#)
        let answers = [throttled, failing, reply(200, #"{"SecretString":"s3cret"}"#)]
        #expect(try fetch("id", answers) == .success(Secret("s3cret")))
    }

    @Test("a service that is not there is told from one that does not answer")
    func unreachable() throws {
        let nowhere = fetch("id", credentials.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]) { $1 })
        #expect(nowhere == .failure(.notFetched(reason: "no connection could be made")))
        #expect(try fetch("id", [.close]) == .failure(.notFetched(reason: "the connection was lost")))

        let isDone = Lock(false)
        let silent = try HTTPServer(port: 0) { _ in
            while !isDone.withLock({ $0 }) { sleep(milliseconds: 1) }
            return .close
        }
        Thread { silent.run() }!.detach()
        var settings = SettingsReader(
            Environment(credentials.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:\(silent.port)"]) { $1 }))
        let fetch = SecretVault.secretsManager { .describing }.open(&settings)
        let hurried = Invocation(requestID: "r", deadline: .after(milliseconds: 700), log: Log(descriptor: -1))
        #expect(throws: SecretError.notFetched(reason: "no answer came in time")) { try fetch("id", hurried) }
        isDone.withLock { $0 = true }
        silent.stop()
    }

    @Test("without a region or credentials nothing is sent; each is named once, whoever else needs it")
    func settings() {
        let vault = SecretVault.secretsManager { .describing }
        var settings = SettingsReader(Environment(["A_SECRET": "a", "B_SECRET": "b"]), vaults: [vault])
        _ = settings.secret("A", "a test")
        _ = settings.secret("B", "a test")
        #expect(settings.problems.map(\.name) == ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    }
}
