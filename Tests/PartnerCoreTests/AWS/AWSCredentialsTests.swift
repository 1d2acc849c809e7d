import Glibc
import Testing

@testable import PartnerCore

@Suite("AWS's credentials")
struct AWSCredentialsTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }
    /// Not those of the environment.
    private let nothing = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""]

    /// The service, and beside it who hands out credentials for it: `container-1`, `container-2`, and so on.
    private func upstream(lifetime: Int, refusing refused: String = "none") throws -> AWSUpstream {
        let issued = Lock(0)
        return try AWSUpstream { request, _ in
            let body = String(decoding: request.body, as: UTF8.self)
            let expires = Timestamp.now().adding(seconds: lifetime).rfc3339
            let isSTS = body.hasPrefix("Action=AssumeRoleWithWebIdentity&")
            guard isSTS || request.path == "/credentials" else {
                let credential = request.headers["Authorization"] ?? ""
                return credential.contains("=\(refused)/") ? .error(400, "ExpiredTokenException") : .json(200, "{}")
            }
            let number = issued.withLock { issued in
                issued += 1
                return issued
            }
            guard isSTS else {
                guard request.headers["Authorization"] == "let-me-in" else { return .json(401, "") }
                return .json(
                    200,
                    #"{"AccessKeyId":"container-\#(number)","SecretAccessKey":"s","Token":"t/1==","Expiration":"\#(expires)"}"#
                )
            }
            return .json(
                200,
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                    + "<AccessKeyId>role-\(number)</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                    + "<SessionToken>t/1==</SessionToken><Expiration>\(expires)</Expiration>"
                    + "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")
        }
    }

    private func container(_ upstream: AWSUpstream) -> AWSClient {
        upstream.client(
            .dynamoDB,
            nothing.merging([
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(upstream.port)/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let-me-in",
            ]) { $1 })
    }

    /// As whom the service was called.
    private func callers(_ upstream: AWSUpstream) -> [String] {
        upstream.received.filter { $0.headers["X-Amz-Target"] != nil }.map { request in
            let parts = (request.headers["Authorization"] ?? "").split(separator: "=")
            return parts.count > 1 ? String(parts[1].prefix { $0 != "/" }) : ""
        }
    }

    private func file(_ text: String) throws -> String {
        var template = Array("/tmp/partner-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try writeAll(Array(text.utf8), to: descriptor)
        close(descriptor)
        return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    @Test("a container's are fetched once while they are good, with the token that the container has")
    func container() throws {
        let upstream = try upstream(lifetime: 3600)
        let client = container(upstream)
        for _ in 0..<2 { #expect(try client.call("A.B", [:], in: invocation) == [:]) }
        #expect(callers(upstream) == ["container-1", "container-1"])
        #expect(upstream.received.last?.headers["X-Amz-Security-Token"] == "t/1==")
    }

    @Test("those that are about to expire are fetched anew")
    func renewal() throws {
        let upstream = try upstream(lifetime: 2)
        let client = container(upstream)
        _ = try client.call("A.B", [:], in: invocation)
        let deadline = Deadline.after(seconds: 20)
        while callers(upstream).last == "container-1" && deadline.remainingMilliseconds > 0 {
            sleep(milliseconds: 100)
            _ = try client.call("A.B", [:], in: invocation)
        }
        #expect(callers(upstream).last == "container-2")
    }

    @Test("those that have expired before their time are fetched anew, once")
    func refusal() throws {
        let upstream = try upstream(lifetime: 3600, refusing: "container-1")
        #expect(try container(upstream).call("A.B", [:], in: invocation) == [:])
        #expect(callers(upstream) == ["container-1", "container-2"])
    }

    @Test("a container that gives none is an error, without what it said")
    func noneGiven() throws {
        let upstream = try AWSUpstream([.json(500, "<b>Ada Lovelace</b>")])
        #expect(throws: AWSError.failing(status: 500)) { try container(upstream).call("A.B", [:], in: invocation) }
    }

    @Test("a cluster's token buys a role's")
    func webIdentity() throws {
        let upstream = try upstream(lifetime: 3600)
        let token = try file("eyJ.a+b\n")
        defer { unlink(token) }
        let client = upstream.client(
            .dynamoDB,
            nothing.merging([
                "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws-us-gov:iam::1:role/r",
                "AWS_ROLE_SESSION_NAME": "s",
            ]) { $1 })
        #expect(try client.call("A.B", [:], in: invocation) == [:])
        #expect(callers(upstream) == ["role-1"])
        let call = try #require(upstream.received.first)
        #expect(
            String(decoding: call.body, as: UTF8.self)
                == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws-us-gov%3Aiam%3A%3A1%3Arole%2Fr"
                + "&RoleSessionName=s&WebIdentityToken=eyJ.a%2Bb")
        #expect(call.headers["Authorization"] == nil)
    }

    @Test("a profile's are those of the credentials file")
    func profile() throws {
        let upstream = try AWSUpstream([.json(200, "{}")])
        let credentials = try file(
            """
            # mine
            [default]
            aws_access_key_id = other
            aws_secret_access_key = other
            [dev]
            aws_access_key_id=profile-1
            aws_secret_access_key = s1/+==
            """)
        defer { unlink(credentials) }
        let settings = ["AWS_PROFILE": "dev", "AWS_SHARED_CREDENTIALS_FILE": credentials]
        let client = upstream.client(.sqs, nothing.merging(settings) { $1 })
        #expect(try client.call("A.B", [:], in: invocation) == [:])
        #expect(callers(upstream) == ["profile-1"])
        #expect(upstream.received.first?.headers["X-Amz-Security-Token"] == nil)
    }

    @Test("keys of the environment come first")
    func order() throws {
        let upstream = try AWSUpstream([.json(200, "{}")])
        let client = upstream.client(
            .sqs,
            [
                "AWS_PROFILE": "dev",
                "AWS_SHARED_CREDENTIALS_FILE": try file("[dev]\naws_access_key_id=a\naws_secret_access_key=b"),
            ])
        #expect(try client.call("A.B", [:], in: invocation) == [:])
        #expect(callers(upstream) == ["AKIDEXAMPLE"])
    }

    @Test(
        "what cannot be used is told at start",
        arguments: [
            (["AWS_PROFILE": "dev", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"], "AWS_PROFILE"),
            (["AWS_WEB_IDENTITY_TOKEN_FILE": "/token"], "AWS_ROLE_ARN"),
            (
                ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2.example.com/x"],
                "AWS_CONTAINER_CREDENTIALS_FULL_URI"
            ),
            (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@example.com"], "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
        ])
    func problems(environment: [String: String], name: String) {
        var settings = SettingsReader(Environment(environment.merging(["AWS_REGION": "eu-central-1"]) { $1 }))
        _ = AWSClient(.sqs, reading: &settings)
        #expect(settings.problems.contains { $0.name == name })
    }
}
