import Testing

@testable import PartnerCore

/// Somebody is erased while they do something: at each step of the erasure in turn.
@Suite("Erasing somebody who is busy", .serialized)
struct ErasureRaceTests {
    private let anna = PersonOfAll.anna

    /// Does something once, before the step of this number.
    private final class Moment: Sendable {
        private let left: Lock<Int>
        private let work: @Sendable () throws -> Void

        init(_ step: Int, _ work: @escaping @Sendable () throws -> Void) {
            left = Lock(step)
            self.work = work
        }

        var isOver: Bool { left.withLock { $0 < 0 } }

        func step() {
            let isNow = left.withLock { left in
                left -= 1
                return left == -1
            }
            guard isNow else { return }
            do { try work() } catch { Issue.record(error) }
        }
    }

    /// The erasure of somebody who has what `before` makes, with something at each of its steps in turn.
    private func everywhere(
        _ backend: Backend, _ before: (ErasureWorld) throws -> Void,
        _ meanwhile: @escaping @Sendable (ErasureWorld) throws -> Void,
        _ check: (ErasureWorld, Int) throws -> Void
    ) throws {
        // Each step is a call by HTTP elsewhere: some of them have to do.
        for step in stride(from: 0, to: 1000, by: backend == .sqlite ? 1 : 9) {
            let world = try ErasureWorld(backend)
            try before(world)
            let moment = Moment(step) { try meanwhile(world) }
            try world.erase(anna.subject) { moment.step() }
            guard moment.isOver else { return #expect(step > 10) }
            try check(world, step)
        }
    }

    private func standsOrNot(_ world: ErasureWorld, _ step: Int) throws -> Bool {
        let history = try Consents(world.store).history(subject: anna.subject, in: .forStore())
        let link = try UserLinks(world.store).link(subject: anna.subject, in: .forStore())
        #expect((link != nil) == !history.standing.isEmpty, "step \(step)")
        return link != nil
    }

    @Test("a whole opt-in is ended, or is of a person who has come back", arguments: Backend.allCases)
    func optIn(_ backend: Backend) throws {
        var outcomes: [Bool] = []
        try everywhere(
            backend, { world in try world.optIn(PersonOfAll.anna.subject, as: PersonOfAll.anna.former) },
            { world in
                try world.optIn(PersonOfAll.anna.subject, as: PersonOfAll.anna.ownliUserID)
                try world.reward(PersonOfAll.anna.ownliUserID, "new")
            }
        ) { world, step in
            let stands = try standsOrNot(world, step)
            outcomes.append(stands)
            let entry = try RewardAudit(world.store).entry(
                actionCode: "purchase", clientReference: "new", in: .forStore())
            // Before they had gone they were who they were.
            let isHers = entry?.request.userID == anna.ownliUserID
            if stands { #expect(isHers, "step \(step)") }
            world.pass(seconds: 2 * 86_400)
            #expect(try standsOrNot(world, step) == stands, "step \(step): what ends a withdrawal has gone")
            // And whoever erases again has nobody left.
            try world.erase(anna.subject)
            #expect(try !standsOrNot(world, step))
        }
        #expect(outcomes.contains(true) && outcomes.contains(false))
        // From one moment on all of them stand.
        #expect(outcomes == outcomes.filter { !$0 } + outcomes.filter { $0 })
    }

    /// The two halves of an opt-in are before two different steps.
    @Test("an opt-in that has begun never leaves a link without a consent", arguments: Backend.allCases)
    func halves(_ backend: Backend) throws {
        let steps = stride(from: 0, to: 24, by: backend == .sqlite ? 1 : 6)
        for first in steps {
            for second in steps where second >= first && (first - second).isMultiple(of: 3) {
                let world = try ErasureWorld(backend)
                try world.optIn(anna.subject, as: anna.former)
                try world.withdraw(anna.subject)
                let read = Lock<ConsentHistory?>(nil)
                let agreeing = Moment(first) {
                    let acceptance = try Consents(world.store).record(
                        of: ErasureWorld.documents, by: PersonOfAll.anna.subject, at: world.now, in: .forStore())
                    if case .accepted(let history) = acceptance { read.withLock { $0 = history } }
                }
                let linking = Moment(second) {
                    guard let history = read.withLock({ $0 }) else { return }
                    let link = UserLink(
                        subject: PersonOfAll.anna.subject, ownliUserID: PersonOfAll.anna.ownliUserID,
                        linkedAt: world.now)
                    _ = try UserLinks(world.store).create(link, agreedIn: history, in: .forStore())
                }
                try world.erase(anna.subject) {
                    agreeing.step()
                    linking.step()
                }
                let history = try Consents(world.store).history(subject: anna.subject, in: .forStore())
                let link = try UserLinks(world.store).link(subject: anna.subject, in: .forStore())
                #expect(link == nil || !history.standing.isEmpty, "steps \(first), \(second)")
                // The opt-in is cut off, or refused. One that comes later goes through.
                #expect(try world.optIn(anna.subject, as: anna.ownliUserID), "steps \(first), \(second)")
            }
        }
    }

    @Test("an opt-in that began before a withdrawal of long ago is refused all the same", arguments: Backend.allCases)
    func slow(_ backend: Backend) throws {
        let world = try ErasureWorld(backend)
        let consents = Consents(world.store)
        guard
            case .accepted(let history) = try consents.record(
                of: ErasureWorld.documents, by: anna.subject, at: world.now, in: .forStore())
        else {
            Issue.record("nothing was stored")
            return
        }
        try world.withdraw(anna.subject)
        try world.optIn(anna.subject, as: anna.ownliUserID)
        try world.erase(anna.subject)
        // As long as any function may take.
        world.pass(seconds: 3600)
        let link = UserLink(subject: anna.subject, ownliUserID: anna.former, linkedAt: world.now)
        #expect(try UserLinks(world.store).create(link, agreedIn: history, in: .forStore()) == .withdrawn)
    }

    @Test("a connection that is made meanwhile is ended, or stands wholly", arguments: Backend.allCases)
    func connect(_ backend: Backend) throws {
        var outcomes: [Bool] = []
        try everywhere(
            backend, { world in try world.connect(PersonOfAll.anna.account, of: .anna) },
            { world in
                try world.connect(PersonOfAll.anna.account, of: .anna)
                try world.tell(PersonOfAll.anna.account, booking: 1, PersonOfAll.anna.email)
            }
        ) { world, step in
            let stored = try world.connector.connections.stored(account: anna.account, in: .forStore())
            let kept = try world.places(of: ["\(anna.account)"]).filter { !$0.hasPrefix("erasure#") }
            let kinds = Set(kept.compactMap { $0.split(separator: "#").first?.split(separator: " ").first })
            // An event tells that it was made; what came of it since is there.
            #expect(
                kinds
                    == (stored == nil
                        ? []
                        : [
                            "ownerrez-account", "ownerrez-connections", "ownerrez-inbox", "ownerrez-told",
                            "ownerrez-user",
                        ]),
                "step \(step)")
            let told = try world.inbox.waiting(in: InboxShard(ofAccount: anna.account), in: .forStore())
            #expect(told.count == (stored == nil ? 0 : 2), "step \(step)")
            outcomes.append(stored != nil)
        }
        #expect(outcomes.contains(true) && outcomes.contains(false))
    }

    @Test("whoever passes events on meanwhile neither keeps one nor loses another's", arguments: Backend.allCases)
    func relay(_ backend: Backend) throws {
        let berta = PersonOfAll(subject: "berta", account: 877_000_104, name: "Berta's", email: "guest.4@example.com")
        #expect(InboxShard(ofAccount: berta.account) == InboxShard(ofAccount: anna.account))
        try everywhere(
            backend,
            { world in
                try world.connect(anna.account, of: anna)
                try world.connect(berta.account, of: berta)
                for booking in 1...3 {
                    try world.tell(anna.account, booking: booking, anna.email)
                    try world.tell(berta.account, booking: booking, berta.email)
                }
            }, { world in try world.relay() }
        ) { world, step in
            #expect(try world.places(of: [anna.email, anna.subject]) == [], "step \(step)")
            try world.relay()
            let events = try world.records("ownerrez-events").filter { $0.attributes["subject"] == berta.subject }
            #expect(events.count == 4, "step \(step)")
        }
    }

    @Test("two operators at once do what one does", arguments: Backend.allCases)
    func twice(_ backend: Backend) throws {
        let world = try ErasureWorld(backend)
        try world.settle(anna)
        world.pass(seconds: 86_400)
        let errors = concurrently(3) { _ -> String? in
            do {
                try world.erase(PersonOfAll.anna.subject)
                return nil
            } catch { return "\(error)" }
        }.compactMap { $0 }
        #expect(errors == [])
        world.pass(seconds: 86_400)
        #expect(try world.places(of: anna.words) == [])
        #expect(try world.records(world.erasedPartition).count == 4)
        #expect(world.revoked.allSatisfy { $0 == "at_\(anna.account)" })
    }
}
