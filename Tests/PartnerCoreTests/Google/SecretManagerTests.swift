import Testing

@testable import PartnerCore

@Suite("Google's Secret Manager")
struct SecretManagerTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    private static let id = "projects/shop-1/secrets/ownli"

    private func fetch(
        _ id: String = Self.id, from google: GoogleUpstream, changes: [String: String] = [:],
        in hurried: Invocation? = nil
    ) -> Result<Secret, SecretError> {
        var settings = SettingsReader(Environment(google.environment.merging(changes) { $1 }))
        let fetch = SecretVault.secretManager { .describing }.open(&settings)
        #expect(settings.problems == [])
        do throws(SecretError) { return .success(try fetch(id, hurried ?? invocation)) } catch {
            return .failure(error)
        }
    }

    /// `s3cret`, whose CRC-32C is 2552768472.
    private static let answer = #"""
        {"name":"projects/12/secrets/ownli/versions/3","payload":{"data":"czNjcmV0","dataCrc32c":"2552768472"}}
        """#

    @Test("the request on the wire")
    func request() throws {
        let google = try GoogleUpstream([.json(200, Self.answer)])
        #expect(fetch(from: google) == .success(Secret("s3cret")))
        #expect(google.tokensAsked == 1)
        let call = try #require(google.calls.first)
        #expect(call.method == "GET" && call.body.isEmpty)
        #expect(call.path == "/v1/projects/shop-1/secrets/ownli/versions/latest:access")
        #expect(call.headers["Authorization"] == "Bearer token-1" && call.headers["Content-Type"] == nil)
    }

    @Test(
        "the checksum is Castagnoli's (RFC 3720 appendix B.4, and the usual one)",
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array("123456789".utf8), 0xE306_9283), ([], 0),
        ] as [([UInt8], UInt32)])
    func checksum(bytes: [UInt8], sum: UInt32) {
        #expect(crc32c(bytes) == sum)
    }

    @Test(
        "what is wrong is told in Google's word for it, without another of its words, and asked for once",
        arguments: [
            (403, "PERMISSION_DENIED", "the service account may not do this (PERMISSION_DENIED)"),
            (404, "NOT_FOUND", "what was asked for does not exist (NOT_FOUND)"),
            // A version that is disabled or destroyed.
            (400, "FAILED_PRECONDITION", "a condition did not hold (FAILED_PRECONDITION)"),
            (400, "INVALID_ARGUMENT", "the request was refused (INVALID_ARGUMENT)"),
        ])
    func refused(status: Int, word: String, expected: String) throws {
        let google = try GoogleUpstream([.google(status, word)])
        #expect(fetch(from: google) == .failure(.notFetched(reason: expected)))
        #expect(google.calls.count == 1)
    }

    @Test(
        "an answer that is not what the reference promises is no secret",
        arguments: [
            (#"{"payload":{"data":"czNjcmV0","dataCrc32c":"1"}}"#, "the checksum is another one"),
            (#"{"payload":{"data":"czNjcmV0","dataCrc32c":2552768472}}"#, "the checksum is another one"),
            (#"{"payload":{"data":"czNjcmV0","dataCrc32c":"-2552768472"}}"#, "the checksum is another one"),
            (#"{"payload":{"data":"czNjcmV","dataCrc32c":"2552768472"}}"#, "no base64"),
            (#"{"payload":{"data":"s3cret!!"}}"#, "no base64"), (#"{"name":"s3cret"}"#, "no payload"),
            ("s3cret", "no JSON"),
        ])
    func unexpected(text: String, expected: String) throws {
        let google = try GoogleUpstream([.json(200, text)])
        #expect(fetch(from: google) == .failure(.notFetched(reason: "unexpected answer: " + expected)))
    }

    @Test(
        "a secret that is empty, or no text, has no text",
        arguments: [#"{"payload":{"dataCrc32c":"0"}}"#, #"{"payload":{"data":""}}"#, #"{"payload":{"data":"/w=="}}"#])
    func noText(text: String) throws {
        #expect(fetch(from: try GoogleUpstream([.json(200, text)])) == .success(Secret("")))
    }

    @Test("the line break that a file ended with is not part of it", arguments: ["czNjcmV0Cg==", "czNjcmV0DQo="])
    func lineBreak(data: String) throws {
        let google = try GoogleUpstream([.json(200, #"{"payload":{"data":"\#(data)"}}"#)])
        #expect(fetch(from: google) == .success(Secret("s3cret")))
    }

    @Test("more than a version can hold is not taken in")
    func tooLarge() throws {
        let data = String(repeating: "QUFB", count: 32_768)
        let google = try GoogleUpstream([.json(200, #"{"payload":{"data":"\#(data)"}}"#)])
        #expect(fetch(from: google) == .failure(.notFetched(reason: "the answer is too large")))
        let largest = Base64.encode([UInt8](repeating: UInt8(ascii: "x"), count: 65_536))
        let full = try GoogleUpstream([.json(200, #"{"payload":{"data":"\#(largest)"}}"#)])
        #expect(fetch(from: full) == .success(Secret(String(repeating: "x", count: 65_536))))
    }

    @Test("a token that is not taken any more is replaced, once")
    func tokenEnded() throws {
        let google = try GoogleUpstream([.google(401, "UNAUTHENTICATED"), .json(200, Self.answer)])
        #expect(fetch(from: google) == .success(Secret("s3cret")))
        #expect(google.calls.map { $0.headers["Authorization"] } == ["Bearer token-1", "Bearer token-2"])
        let refusing = try GoogleUpstream([.google(401, "UNAUTHENTICATED")])
        let reason = "the access token was not accepted (UNAUTHENTICATED)"
        #expect(fetch(from: refusing) == .failure(.notFetched(reason: reason)))
        #expect(refusing.calls.count == 2)
    }

    @Test("a service that fails or is busy is asked again; one that is silent is not waited for beyond the time")
    func patience() throws {
        let busy = try GoogleUpstream([
            .google(429, "RESOURCE_EXHAUSTED"), .google(503, "UNAVAILABLE"), .json(200, Self.answer),
        ])
        #expect(fetch(from: busy) == .success(Secret("s3cret")))
        let silent = try GoogleUpstream([.silence])
        let hurried = Invocation(requestID: "r", deadline: .after(milliseconds: 700), log: Log(descriptor: -1))
        #expect(fetch(from: silent, in: hurried) == .failure(.notFetched(reason: "no answer came in time")))
    }

    @Test("without a metadata server there is no token, which is said")
    func noMetadata() throws {
        let google = try GoogleUpstream([.json(200, Self.answer)])
        let reason = "no access token: the metadata server: no connection could be made"
        #expect(
            fetch(from: google, changes: ["GCE_METADATA_HOST": "127.0.0.1:1"]) == .failure(.notFetched(reason: reason)))
        #expect(google.calls.isEmpty)
    }

    @Test(
        "a secret is called by its path, with a version or without, in one region or in all",
        arguments: [
            ("projects/shop-1/secrets/a_B-9", "projects/shop-1/secrets/a_B-9/versions/latest", nil),
            ("projects/12/secrets/a/versions/7", "projects/12/secrets/a/versions/7", nil),
            ("projects/example.com:shop/secrets/a", "projects/example.com:shop/secrets/a/versions/latest", nil),
            (
                "projects/shop-1/locations/europe-west3/secrets/a",
                "projects/shop-1/locations/europe-west3/secrets/a/versions/latest", "europe-west3"
            ),
        ] as [(String, String, String?)])
    func names(text: String, version: String, location: String?) throws {
        let name = try #require(GoogleSecretName(text))
        #expect(name.version == version && name.location == location)
        #expect(GoogleSecretName.isMeant(text))
    }

    @Test(
        "what is no such path is not asked for",
        arguments: [
            "projects/shop-1/secrets/", "projects/shop-1/secrets/a/versions/", "projects/shop-1/secrets/a/b",
            "projects/Shop/secrets/a", "projects/shop-1/secrets/a.b", "projects/shop-1/secrets/a/versions/1/x",
            "projects//secrets/a", "projects/shop-1/locations/secrets/a", "projects/../secrets/a",
        ])
    func noNames(text: String) throws {
        #expect(GoogleSecretName.isMeant(text))
        let google = try GoogleUpstream([.json(200, Self.answer)])
        let reason = "expected projects/PROJECT/secrets/SECRET or .../versions/VERSION"
        #expect(fetch(text, from: google) == .failure(.notFetched(reason: reason)))
        #expect(google.calls.isEmpty)
    }

    @Test("a regional secret is where its region is, unless another address is set")
    func regional() throws {
        let own = GoogleService.secretManager.endpoint(in: "europe-west3")
        #expect(own == "https://secretmanager.europe-west3.rep.googleapis.com")
        let google = try GoogleUpstream([.json(200, Self.answer)])
        #expect(fetch("projects/shop-1/locations/europe-west3/secrets/a", from: google) == .success(Secret("s3cret")))
        #expect(google.calls.count == 1)
    }

    @Test("which of two clouds keeps a secret is seen by its name; neither is asked for the other one's")
    func twoClouds() throws {
        let google = try GoogleUpstream([.json(200, Self.answer)])
        let aws = try AWSUpstream([.json(200, #"{"SecretString":"t3xt"}"#)])
        let names = ["ONE_SECRET": Self.id, "TWO_SECRET": "projects/ownli", "THREE_SECRET": Self.id]
        let variables = google.environment.merging(aws.environment) { $1 }.merging(names) { $1 }
        var settings = SettingsReader(
            Environment(variables),
            declaredBy: { settings in for name in ["ONE", "TWO", "THREE"] { _ = settings.secret(name, "a test") } })
        #expect(settings.secret("ONE", "a test") == Secret("s3cret"))
        #expect(settings.secret("TWO", "a test") == Secret("t3xt"))
        #expect(settings.secret("THREE", "a test") == Secret("s3cret"))
        #expect(settings.problems == [])
        #expect(google.calls.count == 1 && aws.operations == ["GetSecretValue"])
    }

    @Test("a rotated secret is fetched after the upstream refuses the old one, with no restart")
    func rotation() throws {
        let rotated = #"{"payload":{"data":"bmV3"}}"#
        let google = try GoogleUpstream([.json(200, Self.answer), .json(200, rotated)])
        let ownli = try AWSUpstream { request, _ in
            String(decoding: request.body, as: UTF8.self).contains(#""clientSecret":"new""#)
                ? .json(200, #"{"access_token":"user-1","expires_in":3600,"scope":"user"}"#) : .json(401, "{}")
        }
        let seconds = Lock(0)
        var vault = SecretVault.secretManager {
            var settings = SettingsReader.describing
            _ = settings.secret("OWNLI_CLIENT_SECRET", "a test")
            return settings
        }
        vault.now = { Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
        let variables = [
            "OWNLI_BASE_URL": "http://127.0.0.1:\(ownli.port)", "OWNLI_CLIENT_ID": "id", "OWNLI_PARTNER_ID": "partner",
            "OWNLI_CLIENT_SECRET_SECRET": Self.id,
        ]
        var settings = SettingsReader(
            Environment(google.environment.merging(variables) { $1 }), vaults: [vault])
        let api = OwnliAPI(reading: &settings)
        #expect(settings.problems == [])
        seconds.withLock { $0 = 60 }
        #expect(try api.mintToken(.user, in: invocation).secret == Secret("user-1"))
        #expect(google.calls.count == 2 && ownli.received.count == 2)
    }
}
