import Testing

@testable import PartnerCore

@Suite("The tokens of a connection", .serialized)
struct ConnectionTokensTests {
    private static let account = ConnectionsUnderTest.account

    /// OwnerRez on loopback: takes some access tokens, and answers renewals one after the other.
    private final class Upstream: Sendable {
        private let renewals: Lock<[HTTPServer.Reply]>
        let calls = Lock<[String]>([])
        private let server: Lock<HTTPServer?> = Lock(nil)

        init(accepting: [String] = [], renewals: [HTTPServer.Reply] = []) throws {
            self.renewals = Lock(renewals)
            let server = try HTTPServer(port: 0) { [self] request in
                calls.withLock { $0.append("\(request.method) \(request.path)") }
                if request.method == "POST" {
                    return self.renewals.withLock { $0.isEmpty ? .close : $0.removeFirst() }
                }
                guard request.method == "GET" else { return json(404, "") }
                let isAccepted = accepting.contains { request.headers["Authorization"] == "Bearer \($0)" }
                return json(isAccepted ? 200 : 401, isAccepted ? "{}" : #"{"code":"invalid_token"}"#)
            }
            self.server.withLock { $0 = server }
            Thread { server.run() }!.detach()
        }

        deinit { server.withLock { $0 }?.stop() }

        var renewed: Int { calls.withLock { $0.filter { $0.hasPrefix("POST") }.count } }

        func tokens(_ test: ConnectionsUnderTest) -> ConnectionTokens {
            var settings = SettingsReader(
                Environment([
                    "OWNERREZ_API_URL": "http://127.0.0.1:\(server.withLock { $0!.port })",
                    "OWNERREZ_CLIENT_ID": "c_tested", "OWNERREZ_CLIENT_SECRET": "s_tested",
                ]))
            let endpoint = OwnerRezTokenEndpoint(reading: &settings)
            return ConnectionTokens(test.stores.store, test.connections, endpoint) { test.stores.now }
        }
    }

    private static let refused = json(400, #"{"error":"invalid_grant"}"#)

    @Test("whose renewal is refused are told of once, and used while they are taken", arguments: Backend.allCases)
    func refusedRenewal(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_1", refresh: "rt_1", expires: test.stores.now.adding(seconds: 100))
        let upstream = try Upstream(accepting: ["at_1"], renewals: [Self.refused])
        let tokens = upstream.tokens(test)
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
        #expect(upstream.renewed == 1)
        #expect(try test.stored.refreshFailedAt == test.stores.now)
        #expect(try test.told == ["connection.connected", "connection.refresh_failed"])
        #expect(try !tokens.isAlive(account: Self.account, of: "user-42", in: test.invocation))
    }

    @Test("of a revoked connection are given for nothing but their end", arguments: Backend.allCases)
    func revoked(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_1", refresh: "rt_1", expires: test.stores.now)
        let upstream = try Upstream(accepting: ["at_1"])
        let tokens = upstream.tokens(test)
        try test.connections.markRevoked(test.stored, in: test.invocation)
        guard case .revoked? = try tokens.usable(account: Self.account, of: "user-42", in: test.invocation) else {
            Issue.record("it was revoked")
            return
        }
        #expect(try !tokens.isAlive(account: Self.account, of: "user-42", in: test.invocation))
        #expect(upstream.calls.withLock { $0 } == [], "OwnerRez is not asked")
    }

    @Test("that OwnerRez refuses mark the connection as revoked, once, and others do not", arguments: Backend.allCases)
    func marked(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_2")
        let tokens = try Upstream().tokens(test)
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
        let upstream = try Upstream(renewals: [json(200, #"{"access_token":"at_2","refresh_token":"rt_2"}"#)])
        let usable = try upstream.tokens(test).usable(
            account: Self.account, of: "user-42", insteadOf: Secret("at_old"), in: test.invocation)
        #expect(usable?.tokens.access == Secret("at_2"))
        #expect(upstream.renewed == 1)
        #expect(try test.listed == ["subject": "user-42", "due": "1800000000000"])
        #expect(try test.stored.tokens.get().refresh == Secret("rt_2"))
        #expect(try test.told == [])
    }

    @Test("a revocation that OwnerRez tells of ends a connection with one event", arguments: Backend.allCases)
    func settled(backend: Backend) throws {
        for isMarked in [false, true] {
            let test = try ConnectionsUnderTest(backend)
            try test.save("at_1")
            if isMarked { try test.connections.markRevoked(test.stored, in: test.invocation) }
            let revocations = Revocations(try Upstream().tokens(test))
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
