import Testing

@testable import PartnerCore

@Suite("How many threads a crew has")
struct HTTPRosterTests {
    /// Two processors, and all threads that are ample, each at work.
    private func crowded(_ threads: Int = 32, most: Int = 1000) -> HTTPRoster {
        var roster = HTTPRoster(most: most, processors: 2)
        for _ in 0..<threads {
            #expect(roster.admit() == true)
            roster.take()
        }
        _ = roster.missing()
        return roster
    }

    @Test("one is wanted as soon as nobody waits, until there are many")
    func ample() {
        var roster = HTTPRoster(most: 1000, processors: 2)
        for _ in 0..<32 {
            #expect(roster.wantsAnother && !roster.isCrowded)
            #expect(roster.admit() == true)
            #expect(!roster.wantsAnother)
            roster.take()
        }
        #expect(!roster.wantsAnother && roster.isCrowded)
    }

    @Test("there are never more than the most, nor any once it is over")
    func most() {
        var roster = crowded(3, most: 3)
        #expect(roster.admit() == false)
        #expect(!roster.wantsAnother && !roster.isCrowded)
        roster = crowded(2)
        roster.end()
        #expect(roster.admit() == false)
        #expect(!roster.wantsAnother)
    }

    @Test("at a standstill there are soon four times as many")
    func standstill() {
        var roster = crowded()
        #expect(roster.missing() == 96)
    }

    @Test("there are twice as many where fewer are at work than there are processors, and else no more")
    func heldUp() {
        var roster = crowded()
        for _ in 0..<31 { roster.holdUp() }
        #expect(roster.finish() == true)
        roster.take()
        #expect(roster.missing() == 32, "one at work, and the others held up")
        for _ in 0..<2 { roster.goOn() }
        #expect(roster.finish() == true)
        roster.take()
        #expect(roster.missing() == 0, "three at work")
        #expect(roster.missing() == 96, "what was looked at is not looked at again")
    }

    @Test("who has finished leaves where there are many, and many of them at work")
    func tooMany() {
        var roster = crowded(40)
        for _ in 0..<24 { roster.holdUp() }
        #expect(roster.finish() == true, "16 at work")
        roster.take()
        roster.goOn()
        #expect(roster.finish() == false, "17 at work")
        #expect(roster.threads == 39 && roster.waiting == 0)
        roster = crowded()
        #expect(roster.finish() == true, "no more than are ample")
    }

    @Test("who has waited in vain leaves, but not the last who waits, nor those who always stay")
    func surplus() {
        var roster = crowded(3)
        #expect(roster.finish() == true)
        #expect(roster.leaveIfSurplus() == false, "the last who waits")
        #expect(roster.finish() == true)
        #expect(roster.finish() == true)
        #expect(roster.leaveIfSurplus() == true)
        #expect(roster.threads == 2)
        #expect(roster.leaveIfSurplus() == false, "those who always stay")
    }
}
