import Testing

@testable import PartnerCore

@Suite("A receiver of events")
struct EventReceiverTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }
    private static let text = #"{"id":1,"action":"entity_update","entity_type":"booking","entity_id":7,"n":"é"}"#
    /// Of the specification's reference libraries.
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let another = "whsec_" + Base64.encode([UInt8](repeating: 7, count: 64))

    private func waiting() throws -> OutgoingEvent {
        let record = Record(
            key: RecordKey(partition: "ownerrez-inbox#0", sort: "1790000000000-0123456789ab"),
            attributes: ["event": Self.text], revision: 1)
        return OutgoingEvent(try WaitingEvent(record), as: .verbatim, of: nil)
    }

    private func receiver(at upstream: AWSUpstream, _ changes: [String: String] = [:]) throws -> EventReceiver {
        let url = "http://127.0.0.1:\(upstream.port)/hooks/"
        let environment = ["EVENTS_TARGET": url, "EVENTS_SIGNING_SECRET": Self.secret]
        var settings = SettingsReader(Environment(environment.merging(changes) { $1 }))
        let target = EventTarget(reading: &settings)
        #expect(settings.problems == [])
        guard case .receiver(let receiver) = target else { throw NoReceiver() }
        return receiver
    }

    private struct NoReceiver: Error {}

    @Test("the specification's own example has its signature")
    func vector() {
        let headers = EventSigner.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Timestamp(epochSeconds: 1_614_265_330),
            Array(#"{"test": 2432232314}"#.utf8), signedWith: [Secret(Self.secret)])
        #expect(headers?["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek")
        #expect(headers?["webhook-timestamp"] == "1614265330")
        #expect(headers?["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("is posted the event to the byte, under its arrival, at the address as it stands")
    func posted() throws {
        let upstream = try AWSUpstream([.json(204, "")])
        let before = Timestamp.now().epochSeconds
        #expect(try receiver(at: upstream).post(waiting(), in: invocation) == nil)
        let request = try #require(upstream.received.first)
        #expect((request.method, request.path) == ("POST", "/hooks/"))
        #expect(String(decoding: request.body, as: UTF8.self) == Self.text)
        #expect(request.headers.all("Content-Type") == ["application/json"])
        #expect(request.headers["User-Agent"] == "partner-functions/\(version)")
        #expect(request.headers["webhook-id"] == "1790000000000-0123456789ab")
        let seconds = try #require(request.headers["webhook-timestamp"].flatMap { Int($0) })
        #expect((before...Timestamp.now().epochSeconds).contains(seconds))
        let expected = EventSigner.headers(
            id: "1790000000000-0123456789ab", at: Timestamp(epochSeconds: seconds), Array(Self.text.utf8),
            signedWith: [Secret(Self.secret)])
        #expect(request.headers["webhook-signature"] == expected?["webhook-signature"])
    }

    @Test("while the secret changes both sign, the new one first")
    func rotation() throws {
        let upstream = try AWSUpstream([.json(200, "{}")])
        let changes = ["EVENTS_SIGNING_SECRET": Self.another, "EVENTS_SIGNING_SECRET_PREVIOUS": Self.secret]
        #expect(try receiver(at: upstream, changes).post(waiting(), in: invocation) == nil)
        let headers = try #require(upstream.received.first?.headers)
        let time = Timestamp(epochSeconds: try #require(headers["webhook-timestamp"].flatMap { Int($0) }))
        let signatures = [Self.another, Self.secret].compactMap { secret in
            EventSigner.headers(
                id: "1790000000000-0123456789ab", at: time, Array(Self.text.utf8), signedWith: [Secret(secret)]
            )?["webhook-signature"]
        }
        #expect(headers["webhook-signature"]?.split(separator: " ").map { String($0) } == signatures)
    }

    @Test(
        "what it says of one event is told from what it says of all",
        arguments: [
            (400, true), (413, true), (415, true), (422, true), (401, false), (403, false), (404, false), (409, false),
            (410, false), (301, false), (302, false), (307, false), (308, false),
        ])
    func refusals(status: Int, isOfThisEvent: Bool) throws {
        let upstream = try AWSUpstream([.json(status, #"{"error":"Ada Lovelace's event"}"#)])
        let refusal = try #require(try receiver(at: upstream).post(waiting(), in: invocation))
        if case .ofThisEvent = refusal { #expect(isOfThisEvent) } else { #expect(!isOfThisEvent) }
        #expect(refusal.reason.hasPrefix("the receiver answered \(status)"))
        #expect(!refusal.reason.contains("Ada"))
        #expect(upstream.received.count == 1, "neither sent again nor followed")
    }

    @Test("is sent an event again that it had no time for, with the same id", arguments: [429, 500, 502, 503, 504])
    func again(status: Int) throws {
        let upstream = try AWSUpstream([.json(status, ""), .json(200, "")])
        #expect(try receiver(at: upstream).post(waiting(), in: invocation) == nil)
        #expect(upstream.received.map { $0.headers["webhook-id"] }.count == 2)
        #expect(upstream.received[0].headers["webhook-id"] == upstream.received[1].headers["webhook-id"])
    }

    @Test("that asks for a pause is left alone as long as that, an hour at most")
    func retryAfter() throws {
        func refusal(_ seconds: String) throws -> EventRefusal {
            let upstream = try AWSUpstream([
                .reply(.response(Response(status: 503, headers: ["Retry-After": seconds], body: [])))
            ])
            let refusal = try #require(try receiver(at: upstream).post(waiting(), in: invocation))
            #expect(upstream.received.count == 1)
            return refusal
        }
        #expect(try refusal("600") == .ofAnyEvent("the receiver answered 503", retryAfter: 600))
        #expect(try refusal("600").pauseSeconds(afterAttempts: 1) == 600)
        #expect(try refusal("5").pauseSeconds(afterAttempts: 1) == 60)
        #expect(try refusal("90000").pauseSeconds(afterAttempts: 1) == 3600)
    }

    @Test("that is not there takes nothing at the moment")
    func unreachable() throws {
        let listener = try AWSUpstream([.json(200, "")])
        let url = "http://127.0.0.1:\(listener.port)/"
        #expect(EventReceiver.isURL(url))
        let upstream = try AWSUpstream([.reply(.close)])
        #expect(
            try receiver(at: upstream).post(waiting(), in: invocation)
                == .ofAnyEvent("the receiver: the connection was lost"))
    }

    @Test("a success is one however long the answer is")
    func longAnswer() throws {
        let upstream = try AWSUpstream([.json(200, String(repeating: "x", count: 4_000_000))])
        #expect(try receiver(at: upstream).post(waiting(), in: invocation) == nil)
        #expect(upstream.received.count == 1)
    }

    @Test(
        "is an https address, or http on loopback, without query",
        arguments: [
            ("https://events.example.com/ownerrez", true), ("https://events.example.com", true),
            ("http://127.0.0.1:8080/a/", true), ("http://events.example.com/", false), ("https://", false),
            ("https://user@events.example.com/", false), ("https://events.example.com/?key=1", false),
            ("https://events.example.com/#a", false), ("https://events.example.com/a b", false), ("ftp://a/", false),
        ])
    func url(text: String, isURL: Bool) {
        #expect(EventReceiver.isURL(text) == isURL)
    }

    @Test(
        "takes no secret but one of Standard Webhooks'",
        arguments: [
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_=", "whsec_c2hvcnQ=", "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
            "whsec_" + Base64.encode([UInt8](repeating: 1, count: 23)),
            "whsec_" + Base64.encode([UInt8](repeating: 1, count: 65)),
        ])
    func secrets(secret: String) {
        for name in ["EVENTS_SIGNING_SECRET", "EVENTS_SIGNING_SECRET_PREVIOUS"] {
            var environment = ["EVENTS_TARGET": "https://events.example.com/", "EVENTS_SIGNING_SECRET": Self.secret]
            environment[name] = secret
            var settings = SettingsReader(Environment(environment))
            _ = EventTarget(reading: &settings)
            #expect(settings.problems.map { $0.name } == [name])
            #expect(!settings.problemList.contains(secret))
        }
    }

    @Test("a secret that was replaced where it is kept is fetched once the old one is refused")
    func renewed() {
        let now = Lock(Instant.now())
        let kept = Lock(Secret("no secret"))
        let source = RenewableSecret(name: "EVENTS_SIGNING_SECRET", Secret(Self.secret)) {
            now.withLock { $0 }
        } fetch: { _ in
            kept.withLock { $0 }
        }
        let signer = EventSigner(.renewable(source), previous: .fixed(Secret(Self.another)))
        let refused = signer.secrets
        #expect(refused == [Secret(Self.secret), Secret(Self.another)])
        now.withLock { $0 = $0.adding(seconds: 61) }
        #expect(signer.renewed(insteadOf: refused, in: invocation) == nil, "what is kept there by now is no secret")
        let time = Timestamp(epochSeconds: 1_614_265_330)
        #expect(EventSigner.headers(id: "a", at: time, [], signedWith: [signer.secrets[0]]) == nil)
        kept.withLock { $0 = Secret(Self.another) }
        now.withLock { $0 = $0.adding(seconds: 61) }
        let renewed = signer.renewed(insteadOf: signer.secrets, in: invocation)
        #expect(renewed == [Secret(Self.another), Secret(Self.another)])
    }

    @Test("needs a secret, which other targets do not")
    func required() {
        var settings = SettingsReader(Environment(["EVENTS_TARGET": "https://events.example.com/"]))
        _ = EventTarget(reading: &settings)
        #expect(settings.problems.map { $0.name } == ["EVENTS_SIGNING_SECRET"])
        var others = SettingsReader(Environment([:]))
        _ = EventTarget(reading: &others)
        #expect(others.problems == [])
    }
}
