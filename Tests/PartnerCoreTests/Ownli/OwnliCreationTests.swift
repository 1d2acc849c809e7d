import Testing

@testable import PartnerCore

private let adminToken = json(200, #"{"access_token":"admin-1","expires_in":3600,"scope":"admin"}"#)
private let token = "/api/auth/token"
private let users = "/api/users"
private let created = json(200, #"{"id":"XT_USR1"}"#)
private let conflict = json(409, #"{"error_code":"ERROR_USER_EXISTS"}"#)

@Suite("Creating users whom nobody has verified")
struct OwnliCreationTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }
    private let user = NewOwnliUser(
        firstName: "Ada", lastName: "Lovelace", phone: "+15556667777", isPhoneVerified: false,
        email: "ada@example.com", isEmailVerified: true,
        address: .init(state: "CA", addressLine1: nil, addressLine2: nil, city: nil, zip: nil))
    private let attempt = CreationIntent(
        key: RecordKey(partition: "p", sort: "s"), begunAt: Timestamp(rfc3339: "2026-04-25T10:15:30Z")!)

    private func create(_ answers: [HTTPServer.Reply]) throws -> (OwnliCreation, [Request]) {
        let upstream = try OwnliUpstream([token: [adminToken], users: answers])
        let creation = upstream.api.createNew(user, in: invocation)
        return (creation, upstream.requests.withLock { $0 }.filter { $0.path == users })
    }

    @Test("the request on the wire has no flag")
    func wire() throws {
        let (creation, requests) = try create([created])
        #expect(creation == .created("XT_USR1"))
        let request = try #require(requests.first)
        #expect(requests.count == 1 && request.query.isEmpty && request.method == "POST")
        let body = [
            #"{"firstName":"Ada","lastName":"Lovelace","phone":"+15556667777","#,
            #""address":{"state":"CA","country":"US"},"#,
            #""email":"ada@example.com","isEmailVerified":true}"#,
        ]
        #expect(String(decoding: request.body, as: UTF8.self) == body.joined())
    }

    @Test("a conflict is somebody else, unless an answer was lost before it")
    func conflicts() throws {
        #expect(try create([conflict]).0 == .taken(mayBeOurs: false))
        #expect(try create([json(401, ""), conflict]).0 == .taken(mayBeOurs: false))
        for lost in [HTTPServer.Reply.close, .reset, json(500, ""), json(502, "<html>"), json(503, "")] {
            #expect(try create([lost, conflict]).0 == .taken(mayBeOurs: true))
        }
    }

    @Test(
        "a failure says whether somebody may have been created",
        arguments: [
            (400, "", false), (403, "", false), (401, "", false), (500, "", true), (503, "", true),
            (200, "<html>", true), (200, "{}", true), (302, "", true),
            (500, #"{"error_code":"ERROR_INVALID_PARAMETERS"}"#, false),
        ])
    func failures(status: Int, body: String, mayHaveCreated: Bool) throws {
        guard case .failed(_, let may) = try create([json(status, body)]).0 else {
            Issue.record("it did not fail")
            return
        }
        #expect(may == mayHaveCreated)
    }

    @Test("without a token, or where nobody listens, nobody was created")
    func unsent() throws {
        let upstream = try OwnliUpstream([token: [json(403, "")], users: [created]])
        guard case .failed(let error, mayHaveCreated: false) = upstream.api.createNew(user, in: invocation) else {
            Issue.record("it did not fail, or may have created somebody")
            return
        }
        #expect(error.code == "UPSTREAM_REJECTED_CREDENTIALS")
    }

    private static let whole =
        #""firstName":"Ada","lastName":"Lovelace","phone":"+15556667777","email":"ada@example.com""#

    @Test(
        "who was made by a lost attempt is found with the flag; who was there before, or is somebody else, is not",
        arguments: [
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:15:30Z"}"#, "XT_1"),
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:15:31Z",\#(whole)}"#, "XT_1"),
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:15:31Z","email":"Ada@Example.com"}"#, "XT_1"),
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:15:29Z",\#(whole)}"#, nil),
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:20:00Z",\#(whole)}"#, nil),
            (#"{"id":"XT_1",\#(whole)}"#, nil), (#"{"id":"XT_1","dateRegistered":null,\#(whole)}"#, nil),
            (#"{"id":"XT_1","dateRegistered":1777112131,\#(whole)}"#, nil),
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:15:31Z","firstName":"Grace"}"#, nil),
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:15:31Z","phone":"+15556668888"}"#, nil),
            (#"{"id":"XT_1","dateRegistered":"2026-04-25T10:15:31Z","email":null}"#, nil),
        ])
    func takenUp(answer: String, id: String?) throws {
        let upstream = try OwnliUpstream([token: [adminToken], users: [json(200, answer)]])
        #expect(try upstream.api.user(user, madeBy: [attempt], in: invocation) == id)
        #expect(try upstream.api.user(user, madeBy: [], in: invocation) == nil)
        let query = upstream.requests.withLock { $0.last?.query }
        #expect(query == "returnExistingUserIfExists=true")
    }

    @Test("a conflict with the flag is nobody of ours")
    func conflictWithFlag() throws {
        let upstream = try OwnliUpstream([token: [adminToken], users: [conflict]])
        #expect(try upstream.api.user(user, madeBy: [attempt], in: invocation) == nil)
    }

    @Test("contact data that nobody vouches for is named")
    func unverified() {
        func user(_ phone: Bool, _ email: String?, _ isEmailVerified: Bool) -> [String] {
            NewOwnliUser(
                firstName: "A", lastName: "B", phone: "+15556667777", isPhoneVerified: phone, email: email,
                isEmailVerified: isEmailVerified, address: self.user.address
            ).unverifiedContact
        }
        #expect(user(true, nil, false) == [])
        #expect(user(true, "a@b.c", true) == [])
        #expect(user(true, "a@b.c", false) == ["email"])
        #expect(user(false, "a@b.c", true) == ["phone"])
        #expect(user(false, nil, false) == ["phone"])
        #expect(user(false, "a@b.c", false) == ["phone", "email"])
    }
}
