import Foundation
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("OwnerRez's webhooks, as the sandbox sends them")
struct OwnerRezWebhookTests {
    private func post(_ sandbox: SandboxClient, _ what: String, _ body: String) throws {
        #expect(try sandbox.send("POST", "/_sandbox/ownerrez/\(what)", body: body).status == 204)
    }

    /// What the sandbox tells of itself once nothing waits any more.
    private func settled(_ sandbox: SandboxClient) throws -> JSON {
        while true {
            let books = try sandbox.send("GET", "/_sandbox/ownerrez").json
            if books["waiting"] == 0 { return books }
            sleep(milliseconds: 20)
        }
    }

    private func outcomes(_ books: JSON) -> [String] {
        (books["deliveries"]?.array ?? []).map { "\($0["event"]?.integer ?? 0): \($0["outcome"]?.string ?? "")" }
    }

    @Test("an event goes with Basic and as it is; it comes again when it is refused, and a redirect is a refusal")
    func retries() throws {
        try WebhookReceiver.with([500, 302, 204, 200]) { receiver, sandbox in
            try post(sandbox, "events", #"{"events":[{"id":1,"action":"webhook_test"}]}"#)
            #expect(outcomes(try settled(sandbox)) == ["1: 500", "1: 302", "1: 204", "1: 200"])
            #expect(Set(receiver.requests.map { "\($0.method) \($0.path)" }) == ["POST /hook"])
            #expect(receiver.requests[0].headers.all("Authorization") == ["Basic dTpwOnE="])
            #expect(receiver.requests[0].headers.all("Content-Type") == ["application/json"])
            #expect(Set(receiver.bodies) == [#"{"id":1,"action":"webhook_test"}"#])
        }
    }

    @Test("copies follow each other, and the order may be the reverse")
    func order() throws {
        try WebhookReceiver.with([200]) { receiver, sandbox in
            try post(sandbox, "events", #"{"events":[{"id":1},{"id":2}],"copies":2,"reversed":true}"#)
            _ = try settled(sandbox)
            #expect(receiver.bodies == [#"{"id":2}"#, #"{"id":2}"#, #"{"id":1}"#, #"{"id":1}"#])
            for bad in [
                #"{"events":{}}"#, #"{"events":[1]}"#, #"{"events":[{}],"copies":0}"#,
                #"{"events":[{}],"copies":"2"}"#,
            ] {
                #expect(try sandbox.send("POST", "/_sandbox/ownerrez/events", body: bad).status == 400)
            }
        }
    }

    @Test("an event that is refused is overtaken by the next")
    func overtaken() throws {
        try WebhookReceiver.with([503, 200]) { receiver, sandbox in
            try post(sandbox, "events", #"{"events":[{"id":1},{"id":2}]}"#)
            #expect(outcomes(try settled(sandbox)).sorted() == ["1: 200", "1: 503", "2: 200"])
            #expect(Array(receiver.bodies.prefix(2)) == [#"{"id":1}"#, #"{"id":2}"#])
        }
    }

    @Test("an answer after two seconds is none")
    func slow() throws {
        try WebhookReceiver.with([200], firstTakes: 2300, waitingFor: 2) { _, sandbox in
            try post(sandbox, "events", #"{"events":[{"id":1}]}"#)
            let books = try settled(sandbox)
            #expect(outcomes(books).first == "1: no answer" && outcomes(books).last == "1: 200")
            #expect(books["deliveries"]?.array?.first?["milliseconds"]?.integer ?? 0 >= 1990)
        }
    }

    @Test("after ten tries the address is disabled, and called again once it is set again")
    func givesUp() throws {
        try WebhookReceiver.with(Array(repeating: 500, count: 10) + [200]) { receiver, sandbox in
            try post(sandbox, "events", #"{"events":[{"id":1}]}"#)
            let books = try settled(sandbox)
            #expect(books["deliveries"]?.array?.map { $0["attempt"]?.integer } == Array(1...10))
            #expect(books["disabled"] == true)
            try post(sandbox, "events", #"{"events":[{"id":2}]}"#)
            _ = try settled(sandbox)
            #expect(receiver.requests.count == 10)
            try receiver.register(at: sandbox)
            try post(sandbox, "events", #"{"events":[{"id":3}]}"#)
            #expect(try settled(sandbox)["disabled"] == false)
            #expect(receiver.bodies.last == #"{"id":3}"#)
        }
    }

    @Test("nothing of before a reset is sent after it")
    func reset() throws {
        try WebhookReceiver.with([500]) { receiver, sandbox in
            try post(sandbox, "events", #"{"events":[{"id":1}]}"#)
            while receiver.requests.isEmpty { sleep(milliseconds: 5) }
            _ = try sandbox.send("POST", "/_sandbox/reset")
            try receiver.register(at: sandbox)
            let before = receiver.requests.count
            sleep(milliseconds: 300)
            // One may have been on its way.
            #expect(receiver.requests.count <= before + 1)
            let books = try settled(sandbox)
            #expect(outcomes(books).isEmpty && books["disabled"] == false)
        }
    }

    @Test("a revocation by the person ends their tokens and nobody else's, and is told in either form")
    func revocation() throws {
        try WebhookReceiver.with([200]) { receiver, sandbox in
            let mine = try token(sandbox, account: 347_482_730)
            let other = try token(sandbox, account: 347_311_458)
            try post(sandbox, "revocations", #"{"user_id":347482730}"#)
            _ = try settled(sandbox)
            #expect(receiver.bodies == [#"{"action":"application_authorization_revoked","user_id":347482730}"#])
            #expect(try status(sandbox, mine) == 401)
            #expect(try status(sandbox, other) == 200)

            try post(sandbox, "revocations", #"{"user_id":347311458,"form":"newer"}"#)
            _ = try settled(sandbox)
            let event = try JSON.parse(receiver.requests[1].body)
            #expect(
                event.members?.map { $0.name } == ["action", "user_id", "id", "entity_type", "entity_id"])
            #expect(UUID(uuidString: event["id"]?.string ?? "") != nil)
            #expect(event["entity_type"] == "api_application" && event["entity_id"] == 12345)
            #expect(try status(sandbox, other) == 401)
        }
    }

    private func token(_ sandbox: SandboxClient, account: Int) throws -> String {
        func form(_ path: String, _ body: String, _ headers: String = "") throws -> SandboxClient.Answer {
            try sandbox.send("POST", path, body: body, type: "application/x-www-form-urlencoded", headers: headers)
        }
        let decision = "response_type=code&client_id=c_sandbox&decision=approve&account=\(account)"
        let location = try form("/oauth/authorize", decision).head
        let code = try #require(location.firstMatch(of: /code=(tc_[a-z0-9]+)/)).1
        let basic = Data("c_sandbox:s_sandbox".utf8).base64EncodedString()
        let answer = try form(
            "/oauth/access_token", "grant_type=authorization_code&code=\(code)", "Authorization: Basic \(basic)\r\n")
        return try #require(answer.json["access_token"]?.string)
    }

    private func status(_ sandbox: SandboxClient, _ token: String) throws -> Int {
        try sandbox.send("GET", "/v2/users/me", token: token, headers: "User-Agent: Tests/1.0\r\n").status
    }
}
