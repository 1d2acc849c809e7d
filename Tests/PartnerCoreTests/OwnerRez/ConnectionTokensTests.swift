import Testing

@testable import PartnerCore

@Suite("The tokens of a connection", .serialized)
struct ConnectionTokensTests {
    private static let account = ConnectionsUnderTest.account

    /// OwnerRez takes one access token, and answers renewals in one way.
    private static func upstream(
        accepting token: String? = nil, renewal: HTTPServer.Reply = .close
    ) throws -> OwnerRezUpstream {
        try OwnerRezUpstream { request, _ in
            switch request.method {
            case "POST": renewal
            case "GET":
                request.headers["Authorization"] == token.map { "Bearer \($0)" }
                    ? json(200, "{}") : json(401, #"{"code":"invalid_token"}"#)
            default: json(404, "")
            }
        }
    }

    private func tokens(_ test: ConnectionsUnderTest, _ upstream: OwnerRezUpstream) -> ConnectionTokens {
        var settings = upstream.settings
        let endpoint = OwnerRezTokenEndpoint(reading: &settings)
        return ConnectionTokens(test.stores.store, test.connections, endpoint) { test.stores.now }
    }

    private static let refused = json(400, #"{"error":"invalid_grant"}"#)

    @Test("whose renewal is refused are told of once, and used while they are taken", arguments: Backend.allCases)
    func refusedRenewal(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_1", refresh: "rt_1", expires: test.stores.now.adding(seconds: 100))
        let upstream = try Self.upstream(accepting: "at_1", renewal: Self.refused)
        let tokens = tokens(test, upstream)
        for _ in 0..<3 {
            guard
                case .unrenewable(let left)? = try tokens.usable(
                    account: Self.account, of: "user-42", in: test.invocation)
            else {
                Issue.record("the renewal was refused")
                return
            }
            #expect(left.access == Secret("at_1"))
        }
        #expect(upstream.lines.filter { $0.hasPrefix("POST") }.count == 1)
        #expect(try test.stored.refreshFailedAt == test.stores.now)
        #expect(try test.told == ["connection.connected", "connection.refresh_failed"])
        #expect(try !tokens.isAlive(account: Self.account, of: "user-42", in: test.invocation))
    }

    @Test("of a revoked connection are given for nothing but their end", arguments: Backend.allCases)
    func revoked(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_1", refresh: "rt_1", expires: test.stores.now)
        let upstream = try Self.upstream(accepting: "at_1")
        let tokens = tokens(test, upstream)
        try test.connections.markRevoked(test.stored, in: test.invocation)
        guard case .revoked? = try tokens.usable(account: Self.account, of: "user-42", in: test.invocation) else {
            Issue.record("it was revoked")
            return
        }
        #expect(try !tokens.isAlive(account: Self.account, of: "user-42", in: test.invocation))
        #expect(upstream.lines == [], "OwnerRez is not asked")
    }

    @Test("that OwnerRez refuses mark the connection as revoked, once, and others do not", arguments: Backend.allCases)
    func marked(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_2")
        let tokens = tokens(test, try Self.upstream())
        func mark(_ token: String, of subject: String = "user-42") throws -> Bool {
            try tokens.markRevoked(account: Self.account, of: subject, refused: Secret(token), in: test.invocation)
        }
        #expect(try !mark("at_1"), "it was renewed meanwhile")
        #expect(try !mark("at_2", of: "user-43"))
        #expect(try test.told == ["connection.connected"])
        for _ in 0..<2 { #expect(try mark("at_2")) }
        #expect(try test.stored.connection.revokedAt == test.stores.now)
        #expect(try test.told == ["connection.connected", "connection.revoked"])
    }

    @Test("of an older build are found, renewed, and their connection listed", arguments: Backend.allCases)
    func older(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.layOld(refresh: true)
        let upstream = try Self.upstream(
            renewal: json(200, #"{"access_token":"at_2","refresh_token":"rt_2"}"#))
        let usable = try tokens(test, upstream).usable(
            account: Self.account, of: "user-42", insteadOf: Secret("at_old"), in: test.invocation)
        #expect(usable?.tokens.access == Secret("at_2"))
        #expect(upstream.lines.filter { $0.hasPrefix("POST") }.count == 1)
        #expect(try test.listed == ["subject": "user-42", "due": "1800000000000"])
        #expect(try test.stored.tokens.get().refresh == Secret("rt_2"))
        #expect(try test.told == [])
    }

    @Test("an event of a connection that an older build has made lists it, once", arguments: Backend.allCases)
    func olderOfAnEvent(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.layOld()
        let inbox = EventInbox(test.stores.store) { test.stores.now }
        let relay = EventRelay(
            inbox, to: .store, as: .envelope, Revocations(tokens(test, try Self.upstream())))
        for number in 1...2 {
            let text = #"{"id":\#(number),"user_id":347482730,"action":"entity_update","entity_type":"booking"}"#
            _ = try inbox.accept(OwnerRezEvent(text: text, try json(text)), in: test.invocation)
            _ = try relay.passOnAll(in: test.invocation)
            #expect(try test.listed == ["subject": "user-42", "due": "1800000000000"])
            test.pass(seconds: 60)
        }
        #expect(try test.ofAccount?["listedAt"] == "1800000000000")
        #expect(try test.ofUser?["listedAt"] == "1800000000000")
        let passedOn = try test.stores.another.list(partition: EventInbox.kept, in: test.invocation)
        #expect(passedOn.map { $0.attributes["subject"] } == ["user-42", "user-42"])
    }

    @Test("a revocation that OwnerRez tells of ends a connection with one event", arguments: Backend.allCases)
    func settled(backend: Backend) throws {
        for isMarked in [false, true] {
            let test = try ConnectionsUnderTest(backend)
            try test.save("at_1")
            if isMarked { try test.connections.markRevoked(test.stored, in: test.invocation) }
            let revocations = Revocations(tokens(test, try Self.upstream()))
            for _ in 0..<2 {
                let refusal = try revocations.settle(
                    account: Self.account, receivedAt: test.stores.now, in: test.invocation)
                #expect(refusal == nil)
            }
            #expect(try test.ofAccount == nil && test.listed == nil)
            #expect(try test.told == ["connection.connected", "connection.revoked"])
        }
    }
}
