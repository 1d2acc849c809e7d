import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The store of a developer's day")
struct TemporaryStoreTests {
    @Test("is there before anybody opens it, be it at the start or after starting over")
    func isThere() throws {
        let store = TemporaryStore()
        defer { store.remove() }
        _ = try SQLiteStore(path: store.path, hasToExist: true)
        store.empty()
        _ = try SQLiteStore(path: store.path, hasToExist: true)
    }

    @Test("is gone afterwards")
    func isGone() {
        let store = TemporaryStore()
        store.remove()
        #expect(throws: StoreError.self) { try SQLiteStore(path: store.path, hasToExist: true) }
    }
}
