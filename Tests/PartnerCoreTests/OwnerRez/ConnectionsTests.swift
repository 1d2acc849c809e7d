import Testing

@testable import PartnerCore

@Suite("Connections", .serialized)
struct ConnectionsTests {
    @Test("are stored, listed and told of in one transaction", arguments: Backend.allCases)
    func saved(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        let shown = [
            "connectedAt": "1800000000000", "listedAt": "1800000000000", "name": "Ada's Cabins", "scope": "all",
        ]
        #expect(try test.ofUser == shown)
        let ofAccount = try #require(try test.ofAccount)
        #expect(ofAccount.filter { $0.key != "tokens" } == shown.merging(["subject": "user-42"]) { $1 })
        #expect(try test.listed == ["subject": "user-42", "due": "1800000000000"])
        let event = try #require(try test.waiting.first)
        #expect(
            event.event.text.replacing(/^{"id":"[0-9a-f]{32}"/, with: "")
                == #","user_id":347482730,"action":"connected","entity_type":"connection","#
                + #""entity_id":347482730,"entity":{"connected_at":"2027-01-15T08:00:00.000Z"}}"#)
        #expect(event.event.kind == "connection.connected")
        #expect(event.event.entity == "connection/347482730")
        #expect(event.source == .connection)
        #expect(event.subject == "user-42")
        #expect(try test.waiting.count == 1)
    }

    @Test("connected again are told of as that, and are as new", arguments: Backend.allCases)
    func again(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_1", refresh: "rt_1")
        try test.connections.markRefreshFailed(test.stored, in: test.invocation)
        try test.connections.markRevoked(test.stored, in: test.invocation)
        test.pass(seconds: 60)
        try test.save("at_2")
        let stored = try test.stored
        #expect(stored.connection.revokedAt == nil)
        #expect(stored.connection.listedAt == Timestamp(epochSeconds: 1_800_000_000))
        #expect(stored.refreshFailedAt == nil)
        #expect(try stored.tokens.get().access == Secret("at_2"))
        #expect(try test.ofUser?["revokedAt"] == nil)
        #expect(try test.listed?["due"] == "1800000060000", "they are looked after at once")
        #expect(
            try test.told == [
                "connection.connected", "connection.refresh_failed", "connection.revoked", "connection.reconnected",
            ])
    }

    @Test("that two make at once are one, and one of them comes again", arguments: Backend.allCases)
    func raced(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        let isFirst = Lock(true)
        let racing = Connections(test.stores.store, test.sealer) {
            // Between the look and the transaction.
            if isFirst.withLock({ first in
                defer { first = false }; return first
            }) {
                #expect(throws: Never.self) { try test.save("at_1") }
            }
            return test.stores.now
        }
        let tokens = OwnerRezTokens(access: Secret("at_2"), refresh: nil, expires: nil)
        guard case .saved(let replaced) = try racing.save(test.connection(), tokens, in: test.invocation) else {
            Issue.record("the account is the same user's")
            return
        }
        #expect(replaced?.access == Secret("at_1"))
        #expect(try test.told == ["connection.connected", "connection.reconnected"])
    }

    @Test("of another user's account are neither stored nor told of", arguments: Backend.allCases)
    func another(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        let tokens = OwnerRezTokens(access: Secret("at_2"), refresh: nil, expires: nil)
        guard
            case .belongsToAnother = try test.connections.save(
                test.connection(of: "user-43"), tokens, in: test.invocation)
        else {
            Issue.record("the account is another user's")
            return
        }
        #expect(try test.told == ["connection.connected"])
        #expect(try test.listed?["subject"] == "user-42")
    }

    @Test("that are revoked keep no other user out of the account", arguments: Backend.allCases)
    func anotherAfterRevocation(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        try test.connections.markRevoked(test.stored, in: test.invocation)
        let tokens = OwnerRezTokens(access: Secret("at_2"), refresh: nil, expires: nil)
        guard
            case .saved(let replaced) = try test.connections.save(
                test.connection(of: "user-43"), tokens, in: test.invocation)
        else {
            Issue.record("nobody has a connection that is of use")
            return
        }
        #expect(replaced?.access == Secret("at_1"))
        #expect(try test.connections.all(subject: "user-42", in: test.invocation).isEmpty)
        let (connection) = try #require(try test.another.all(subject: "user-43", in: test.invocation).first)
        #expect(connection.revokedAt == nil)
        #expect(try test.stored.connection == connection)
        #expect(try test.listed?["subject"] == "user-43")
        #expect(try test.told == ["connection.connected", "connection.revoked", "connection.connected"])
        #expect(try test.waiting.map { $0.subject } == ["user-42", "user-42", "user-43"])
    }

    @Test("are removed with all that was written, and told of", arguments: Backend.allCases)
    func removed(backend: Backend) throws {
        for (change, kind) in [(ConnectionChange.disconnected, "disconnected"), (.revoked, "revoked")] {
            let test = try ConnectionsUnderTest(backend)
            try test.save()
            try test.connections.remove(test.stored, change, in: test.invocation)
            #expect(try test.ofAccount == nil)
            #expect(try test.ofUser == nil)
            #expect(try test.listed == nil)
            #expect(try test.told == ["connection.connected", "connection.\(kind)"])
            #expect(try test.waiting.last?.subject == "user-42")
        }
    }

    @Test("that are refused for good show it, and are told of once", arguments: Backend.allCases)
    func revoked(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        test.pass(seconds: 5)
        try test.connections.markRevoked(test.stored, in: test.invocation)
        let (connection) = try #require(try test.another.all(subject: "user-42", in: test.invocation).first)
        #expect(connection.revokedAt == test.stores.now)
        #expect(try test.stored.connection == connection)
        #expect(try test.stored.tokens.get().access == Secret("at_1"), "to be ended")
        #expect(try test.listed != nil)
        try test.connections.remove(test.stored, .revoked, in: test.invocation)
        #expect(try test.told == ["connection.connected", "connection.revoked"])
    }

    @Test("renewed can be renewed again", arguments: Backend.allCases)
    func renewed(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save("at_1", refresh: "rt_1")
        try test.connections.markRefreshFailed(test.stored, in: test.invocation)
        #expect(try test.stored.refreshFailedAt == test.stores.now)
        let tokens = OwnerRezTokens(access: Secret("at_2"), refresh: Secret("rt_2"), expires: nil)
        try test.connections.update(test.stored, tokens, in: test.invocation)
        #expect(try test.stored.refreshFailedAt == nil)
        #expect(try test.told == ["connection.connected", "connection.refresh_failed"])
    }

    @Test("that somebody has changed meanwhile are left alone by all, wholly", arguments: Backend.allCases)
    func changed(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        let old = try test.stored
        test.pass(seconds: 1)
        try test.save("at_2")
        let before = try [test.ofAccount, test.ofUser, test.listed]
        let changes: [(Connections, Connections.Stored) throws -> Void] = [
            { try $0.remove($1, .disconnected, in: test.invocation) }, { try $0.markRevoked($1, in: test.invocation) },
            { try $0.markRefreshFailed($1, in: test.invocation) },
            { try $0.update($1, $1.tokens.get(), in: test.invocation) },
        ]
        for change in changes {
            #expect(throws: StoreError.conditionFailed) { try change(test.connections, old) }
        }
        try test.connections.enlist(old, in: test.invocation)
        #expect(try [test.ofAccount, test.ofUser, test.listed] == before)
        #expect(try test.told == ["connection.connected", "connection.reconnected"])
    }

    @Test("of an older build are read, and listed as soon as anybody looks", arguments: Backend.allCases)
    func older(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.layOld()
        let ofAccount = try #require(try test.ofAccount)
        let stored = try test.stored
        #expect(stored.connection.revokedAt == nil && stored.connection.listedAt == nil)
        #expect(stored.refreshFailedAt == nil)
        let all = try test.connections.all(subject: "user-42", in: test.invocation)
        #expect(all.map { $0.connectedAt.attribute } == ["1790000000000"])
        #expect(try test.listed == ["subject": "user-42", "due": "1800000000000"])
        #expect(try test.ofAccount == ofAccount.merging(["listedAt": "1800000000000"]) { $1 })
        #expect(try test.ofUser?["listedAt"] == "1800000000000")
        #expect(try test.stored.tokens.get().access == Secret("at_old"))
        test.pass(seconds: 60)
        _ = try test.connections.all(subject: "user-42", in: test.invocation)
        #expect(try test.listed?["due"] == "1800000000000", "once")
        #expect(try test.told == [], "nothing became of it")
    }

    @Test("that an older build has removed are forgotten, unless they are there again", arguments: Backend.allCases)
    func unlisted(backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        try test.connections.unlist(account: ConnectionsUnderTest.account, in: test.invocation)
        #expect(try test.listed != nil)
        try test.stores.store.delete(
            RecordKey(partition: "ownerrez-account#347482730", sort: "connection"), in: test.invocation)
        try test.connections.unlist(account: ConnectionsUnderTest.account, in: test.invocation)
        #expect(try test.listed == nil)
        try test.connections.unlist(account: ConnectionsUnderTest.account, in: test.invocation)
    }
}
