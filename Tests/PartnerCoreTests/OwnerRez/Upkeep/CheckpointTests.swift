import Testing

@testable import PartnerCore

@Suite("A list's checkpoint")
struct CheckpointTests {
    private let since = Timestamp(epochSeconds: 1_800_000_000)
    private let start = Timestamp(epochSeconds: 1_800_003_600)

    private func listing() -> Checkpoint {
        var checkpoint = Checkpoint(subject: "user-1", since: since)
        checkpoint.listing = Checkpoint.Listing(from: ReconciledList.bookings.firstPage(since: since), at: start)
        return checkpoint
    }

    private func address(_ offset: Int) -> ListPage.Address {
        ListPage.Address(path: "/v2/bookings", query: "offset=\(offset)")
    }

    /// Notes pages of ids, of which so many were new.
    private func pass(
        _ checkpoint: inout Checkpoint, _ pages: [[Int]], found: Int = 0
    ) throws(ListPage.Problem) -> Checkpoint.Step {
        var step = Checkpoint.Step.nextPage
        for (index, ids) in pages.enumerated() {
            step = try checkpoint.note(
                ids.map { "\($0)" }, found: index == 0 ? found : 0,
                next: index == pages.count - 1 ? nil : address(100 * (index + 1)), of: .bookings, graceSeconds: 600)
        }
        return step
    }

    @Test("moves on to a little before the listing's start once its one page is done")
    func onePage() throws {
        var checkpoint = listing()
        #expect(try pass(&checkpoint, [[1, 2]], found: 2) == .finished)
        #expect(checkpoint.since == Timestamp(epochSeconds: 1_800_003_600 - 660))
        #expect(checkpoint.listing == nil)
    }

    @Test("has several pages read again, until two passes have shown the same")
    func passes() throws {
        var checkpoint = listing()
        #expect(try pass(&checkpoint, [[1, 2], [3]], found: 3) == .nextPage)
        #expect(checkpoint.listing?.pass == 2)
        #expect(checkpoint.listing?.page == ReconciledList.bookings.firstPage(since: since))
        #expect(checkpoint.since == since)
        #expect(try pass(&checkpoint, [[1, 2], [3]]) == .finished)
        #expect(checkpoint.since > since)
    }

    @Test("has a third pass where rows moved, which has to do if it finds nothing new")
    func moving() throws {
        var checkpoint = listing()
        #expect(try pass(&checkpoint, [[1, 2], [3]], found: 3) == .nextPage)
        #expect(try pass(&checkpoint, [[2, 3], [4]]) == .nextPage)
        #expect(checkpoint.listing?.pass == 3)
        #expect(try pass(&checkpoint, [[3, 4], [5]]) == .finished)
    }

    @Test("stays where it was when even the third pass finds something new")
    func unsettled() throws {
        var checkpoint = listing()
        #expect(try pass(&checkpoint, [[1, 2], [3]], found: 3) == .nextPage)
        #expect(try pass(&checkpoint, [[2, 3], [4]], found: 1) == .nextPage)
        #expect(try pass(&checkpoint, [[3, 4], [5]], found: 1) == .unsettled)
        #expect(checkpoint == Checkpoint(subject: "user-1", since: since))
    }

    @Test("never goes back")
    func neverBack() throws {
        var checkpoint = Checkpoint(subject: "user-1", since: start)
        checkpoint.listing = Checkpoint.Listing(from: address(0), at: since)
        #expect(try pass(&checkpoint, [[1]]) == .finished)
        #expect(checkpoint.since == start)
    }

    @Test("notices a circle of any length", arguments: [1, 2, 3, 7, 50])
    func circle(length: Int) {
        var checkpoint = listing()
        var pages = 0
        #expect(throws: ListPage.Problem.goesInACircle) {
            while pages < 1000 {
                pages += 1
                let next = address(100 * (pages <= 5 ? pages : 5 + (pages - 5) % length))
                _ = try checkpoint.note([], found: 0, next: next, of: .bookings, graceSeconds: 600)
            }
        }
        #expect(pages <= 4 * (length + 8))
    }

    @Test("notices a list without an end")
    func endless() {
        var checkpoint = listing()
        var pages = 0
        #expect(throws: ListPage.Problem.tooManyPages) {
            while pages < 20_000 {
                pages += 1
                _ = try checkpoint.note([], found: 0, next: address(pages), of: .bookings, graceSeconds: 600)
            }
        }
        #expect(pages == 10_000)
    }

    @Test("is read as it was written, in the middle of a listing too")
    func record() throws {
        var checkpoint = listing()
        _ = try pass(&checkpoint, [[1, 2], [3]], found: 3)
        _ = try checkpoint.note(["1"], found: 1, next: address(100), of: .bookings, graceSeconds: 600)
        checkpoint.leftAloneUntil = start
        let key = Checkpoint.key(7, .bookings)
        #expect(key == RecordKey(partition: "ownerrez-account#7", sort: "checkpoint#bookings"))
        let record = Record(key: key, attributes: checkpoint.attributes, revision: 1)
        #expect(Checkpoint(record, of: "user-1") == checkpoint)
        #expect(Checkpoint(record, of: "user-2") == nil)
        checkpoint.listing = nil
        let plain = Record(key: key, attributes: checkpoint.attributes, revision: 1)
        #expect(Checkpoint(plain, of: "user-1") == checkpoint)
    }

    @Test(
        "that is in no form of ours begins anew",
        arguments: [
            ["subject": "user-1"], ["subject": "user-1", "since": "x"], [Record.unreadable: "x"],
        ])
    func unreadable(attributes: [String: String]) {
        let record = Record(key: Checkpoint.key(7, .bookings), attributes: attributes, revision: 1)
        #expect(Checkpoint(record, of: "user-1") == nil)
    }
}
