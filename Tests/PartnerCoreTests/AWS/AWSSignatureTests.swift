import Testing

@testable import PartnerCore

@Suite("A signature for AWS")
struct AWSSignatureTests {
    private let time = Timestamp(rfc3339: "2015-08-30T12:36:00Z")!

    private func signature(token: String? = nil) -> AWSSignature {
        AWSSignature(
            region: "us-east-1", service: "service",
            keys: AWSKeys(
                accessKeyID: Secret("AKIDEXAMPLE"),
                secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                sessionToken: token.map { Secret($0) }))
    }

    @Test("is that of AWS's own test suite (post-vanilla)")
    func vanilla() {
        let headers = signature().sign([:], host: "example.amazonaws.com", path: "/", body: [], at: time)
        #expect(headers["X-Amz-Date"] == "20150830T123600Z")
        #expect(
            headers["Authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date, "
                + "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
    }

    @Test("is over every header and the body")
    func all() {
        var signatures: [String?] = []
        for (headers, host, body, token) in [
            (["X-Amz-Target": "A.B"], "a.example", "{}", nil), (["X-Amz-Target": "A.C"], "a.example", "{}", nil),
            (["X-Amz-Target": "A.B"], "b.example", "{}", nil), (["X-Amz-Target": "A.B"], "a.example", "[]", nil),
            (["X-Amz-Target": "A.B"], "a.example", "{}", "token"),
        ] as [(Headers, String, String, String?)] {
            let signed = signature(token: token).sign(headers, host: host, path: "/", body: Array(body.utf8), at: time)
            #expect(signed["X-Amz-Security-Token"] == token)
            signatures.append(signed["Authorization"])
        }
        #expect(Set(signatures).count == signatures.count)
    }
}

@Suite("AWS's clock")
struct AWSClockTests {
    private let log = Log(descriptor: -1)
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: log)
    }

    private static let expired = AWSUpstream.Answer.json(
        400,
        #"{"__type":"com.amazon.coral.service#InvalidSignatureException","#
            + #""message":"Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z"}"#)

    private func clock(seconds: Int) -> AWSClock { AWSClock(system: { .now().adding(seconds: seconds) }) }

    @Test(
        "a clock that is wrong is put right by the answer, and the request signed again once",
        arguments: [-3600, 3600, -90_000],
        [expired, .error(400, "RequestTimeTooSkewed"), .error(403, "SignatureDoesNotMatch")])
    func skew(seconds: Int, refusal: AWSUpstream.Answer) throws {
        let upstream = try AWSUpstream([refusal, .json(200, "{}")])
        let client = upstream.client(.dynamoDB, clock: clock(seconds: seconds))
        for _ in 0..<2 { #expect(try client.call("A.B", [:], in: invocation) == [:]) }
        // The third is signed by AWS's clock at once.
        let times = upstream.received.compactMap { $0.headers["X-Amz-Date"] }
        #expect(times.count == 3 && Set(times).count > 1)
        let now = Timestamp.now()
        for time in times[1...] {
            let text = Array(time)
            let written =
                "\(String(text[0..<4]))-\(String(text[4..<6]))-\(String(text[6..<8]))T"
                + "\(String(text[9..<11])):\(String(text[11..<13])):\(String(text[13..<15]))Z"
            let signed = try #require(Timestamp(rfc3339: written))
            #expect(abs(signed.milliseconds(since: now)) < 240_000)
        }
    }

    @Test("where the clock is right a wrong signature is one, and a request that is said to be old is not sent again")
    func noSkew() throws {
        for (refusal, expected) in [
            (Self.expired, AWSError.clockSkewed(code: "InvalidSignatureException")),
            (.error(400, "InvalidSignatureException"), .credentialsRejected(code: "InvalidSignatureException")),
        ] {
            let upstream = try AWSUpstream([refusal])
            #expect(throws: expected) { try upstream.client(.sqs).call("A.B", [:], in: invocation) }
            #expect(upstream.received.count == 1)
        }
    }

    @Test("a request that is refused again is not signed a third time")
    func twice() throws {
        let upstream = try AWSUpstream([Self.expired])
        let client = upstream.client(.sqs, clock: clock(seconds: -3600))
        #expect(throws: AWSError.clockSkewed(code: "InvalidSignatureException")) {
            try client.call("A.B", [:], in: invocation)
        }
        #expect(upstream.received.count == 2)
        #expect(AWSError.clockSkewed(code: "X").description == "this machine's clock is wrong (X)")
    }
}
