import Testing

@testable import PartnerCore

@Suite("Everybody's connections")
struct ConnectionListTests {
    private static let account = ConnectionsUnderTest.account

    @Test("are listed as schedules know of them, and by a scan, without a key", arguments: Backend.allCases)
    func all(_ backend: Backend) throws {
        let test = try ConnectionsUnderTest(backend)
        try test.save()
        let list = ConnectionList(test.stores.another)
        let page = try list.page(in: .forStore())
        #expect(page.entries.count == 1 && page.next == nil)
        let entry = try #require(page.entries.first)
        #expect(entry.account == Self.account && entry.subject == "user-42" && entry.keyID == "k1" && entry.isListed)
        #expect(entry.connectedAt == test.stores.now && entry.revokedAt == nil && entry.refreshFailedAt == nil)
        #expect(try list.entry(account: Self.account, in: .forStore())?.subject == "user-42")
        #expect(try list.entry(account: 7, in: .forStore()) == nil)

        // An older build's, of which no schedule knows.
        try test.stores.store.delete(ConnectionSchedule.key(account: Self.account), in: .forStore())
        #expect(try list.page(in: .forStore()).entries.isEmpty)
        var (found, next): ([ConnectionList.Entry], RecordKey?) = ([], nil)
        repeat {
            let page = try list.scan(after: next, in: .forStore())
            found += page.entries
            next = page.next
        } while next != nil
        #expect(found.map { $0.account } == [Self.account] && found.first?.isListed == false)
    }

    @Test("whose connection is gone is listed as that")
    func gone() throws {
        let test = try ConnectionsUnderTest(.sqlite)
        try test.save()
        try test.stores.store.delete(Connections.key(account: Self.account), in: .forStore())
        let entry = try #require(try ConnectionList(test.stores.store).page(in: .forStore()).entries.first)
        #expect(entry.subject == "user-42" && entry.connectedAt == nil && entry.keyID == nil)
    }
}
