import Testing

@testable import PartnerCore

@Suite("A client of AWS")
struct AWSClientTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    @Test("the request on the wire")
    func request() throws {
        let invocation = self.invocation
        let upstream = try AWSUpstream([.json(200, #"{"Item":{}}"#)])
        let answer = try upstream.client(.dynamoDB).call("DynamoDB_20120810.GetItem", ["A": "é"], in: invocation)
        #expect(answer == ["Item": [:]])
        let request = try #require(upstream.received.first)
        #expect(request.method == "POST")
        #expect(request.path == "/")
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"A":"é"}"#)
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.0")
        #expect(request.headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem")
        #expect(request.headers["X-Amz-Security-Token"] == "session/token+1==")
        let time = try #require(request.headers["X-Amz-Date"])
        let authorization = try #require(request.headers["Authorization"])
        #expect(
            authorization.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\(time.prefix(8))/eu-central-1/dynamodb/aws4_request, "
                    + "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="))
        #expect(authorization.split(separator: "=").last?.count == 64)
        #expect(!request.headers.fields.contains { $0.value.contains(AWSUpstream.secret) })
        #expect(invocation.record.withLock { $0.calls.map { $0.name } } == ["dynamodb GetItem"])
    }

    @Test("each service has its own name, media type and endpoint")
    func services() throws {
        let all: [(AWSService, String, String)] = [
            (.dynamoDB, "dynamodb", "1.0"), (.sqs, "sqs", "1.0"), (.eventBridge, "events", "1.1"),
            (.secretsManager, "secretsmanager", "1.1"),
        ]
        for (service, name, version) in all {
            let upstream = try AWSUpstream([.json(200, "")])
            #expect(try upstream.client(service).call("Some.Operation", [:], in: invocation) == .null)
            let request = try #require(upstream.received.first)
            #expect(request.headers["Content-Type"] == "application/x-amz-json-\(version)")
            #expect(request.headers["Authorization"]?.contains("/eu-central-1/\(name)/aws4_request") == true)
        }
    }

    @Test("a body of more than 1 MB goes without waiting for a reply to its header")
    func largeBody() throws {
        let upstream = try AWSUpstream([.json(200, "{}")])
        let text = String(repeating: "x", count: 3_000_000)
        #expect(try upstream.client(.sqs).call("AmazonSQS.SendMessage", .string(text), in: invocation) == [:])
        #expect(upstream.received.first?.body.count == 3_000_002)
    }

    @Test("a handle that sent a signed request signs no other")
    func notSignedAgain() throws {
        let upstream = try AWSUpstream([.json(200, "{}")])
        var settings = SettingsReader(Environment(upstream.environment))
        let http = HTTPClient(reading: &settings)
        let url = try #require(upstream.environment["AWS_ENDPOINT_URL"])
        for headers in [[:], ["Authorization": "AWS4-HMAC-SHA256 .."], [:]] as [Headers] {
            _ = try http.send(HTTPRequest(name: "POST /", method: "POST", url: url, headers: headers), in: invocation)
        }
        #expect(upstream.received.map { $0.headers["Authorization"] != nil } == [false, true, false])
    }

    @Test(
        "an error is known by its code, and AWS's words are not repeated",
        arguments: [
            (400, "ThrottlingException", AWSError.throttled(code: "ThrottlingException")),
            (
                400, "ProvisionedThroughputExceededException",
                .throttled(code: "ProvisionedThroughputExceededException")
            ), (400, "ConditionalCheckFailedException", .conditionFailed),
            (400, "TransactionConflictException", .transactionConflict),
            (400, "AccessDeniedException", .accessDenied(code: "AccessDeniedException")),
            (400, "UnrecognizedClientException", .credentialsRejected(code: "UnrecognizedClientException")),
            (400, "InvalidSignatureException", .credentialsRejected(code: "InvalidSignatureException")),
            (400, "ExpiredTokenException", .tokenExpired(code: "ExpiredTokenException")),
            (400, "ResourceNotFoundException", .notFound(code: "ResourceNotFoundException")),
            (400, "ValidationException", .refused(code: "ValidationException")),
            (500, "InternalServerError", .failing(status: 500)), (429, "Else", .throttled(code: "Else")),
            (401, "Else", .credentialsRejected(code: "Else")), (403, "Else", .accessDenied(code: "Else")),
            (400, "<b>Ada Lovelace</b>", .refused(code: "status 400")),
        ])
    func errors(status: Int, code: String, expected: AWSError) throws {
        let upstream = try AWSUpstream([.error(status, code)])
        #expect(throws: expected) { try upstream.client(.dynamoDB).call("A.B", [:], in: invocation) }
        #expect(!expected.description.contains("Ada"))
        #expect(upstream.received.count == 1)
    }

    @Test("what is no JSON is no answer, and a page of HTML is no error of AWS's")
    func noJSON() throws {
        let upstream = try AWSUpstream([.json(200, "<html>"), .json(404, "<html>"), .json(503, "")])
        let client = upstream.client(.sqs)
        for expected in [AWSError.unexpectedAnswer("no JSON"), .refused(code: "status 404"), .failing(status: 503)] {
            #expect(throws: expected) { try client.call("A.B", [:], in: invocation) }
        }
    }
}

@Suite("AWS's settings")
struct AWSSettingsTests {
    private let complete = [
        "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": AWSUpstream.secret,
    ]

    private func problems(_ change: [String: String]) -> [String] {
        var settings = SettingsReader(Environment(complete.merging(change) { $1 }))
        _ = AWSClient(.secretsManager, reading: &settings)
        #expect(!settings.table.contains(AWSUpstream.secret) && !settings.table.contains("AKIDEXAMPLE"))
        return settings.problems.map { $0.description }
    }

    @Test("are AWS's own, and each can be missed")
    func missing() {
        #expect(problems([:]) == [])
        #expect(problems(["AWS_REGION": "", "AWS_DEFAULT_REGION": "us-west-2"]) == [])
        #expect(problems(["AWS_REGION": ""]) == ["AWS_REGION: is required: AWS is called"])
        #expect(problems(["AWS_ACCESS_KEY_ID": ""]) == ["AWS_ACCESS_KEY_ID: is required: AWS is called"])
        #expect(problems(["AWS_SECRET_ACCESS_KEY": ""]) == ["AWS_SECRET_ACCESS_KEY: is required: AWS is called"])
    }

    @Test("are refused where they would break the request, and never repeated")
    func broken() {
        #expect(
            problems(["AWS_REGION": "a.example.com/"]) == [
                "AWS_REGION: expected the name of a region, as in eu-central-1"
            ])
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            #expect(
                problems([name: "sesame\r\nX-Evil: 1"]) == [
                    "\(name): expected letters, digits and signs, without a space or a line break"
                ])
        }
    }

    @Test("name an endpoint for one service or for all, over TLS unless it is on loopback")
    func endpoints() {
        let refused = "expected an https:// address without query (http:// for loopback only)"
        #expect(problems(["AWS_ENDPOINT_URL": "http://127.0.0.1:5000"]) == [])
        #expect(problems(["AWS_ENDPOINT_URL": "http://moto:5000"]) == ["AWS_ENDPOINT_URL: " + refused])
        #expect(
            problems(["AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://127.0.0.1.example.com"]) == [
                "AWS_ENDPOINT_URL_SECRETS_MANAGER: " + refused
            ])
        #expect(problems(["AWS_ENDPOINT_URL_SQS": "http://moto:5000"]) == [])
        #expect(
            problems(["AWS_ENDPOINT_URL": "nonsense", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://vpce.example.com"])
                == [])
    }

    @Test("are listed once, however many read them, and demanded of nobody who only asks for help")
    func describing() {
        var settings = SettingsReader.describing
        _ = AWSClient(.dynamoDB, reading: &settings)
        _ = AWSClient(.sqs, reading: &settings)
        #expect(settings.problems == [])
        #expect(
            settings.entries.map { $0.name }.filter { $0.hasPrefix("AWS") } == [
                "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
                "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
                "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ENDPOINT_URL_SQS",
            ])
    }
}
