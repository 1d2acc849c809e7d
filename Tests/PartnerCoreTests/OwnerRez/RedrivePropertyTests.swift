import Glibc
import Testing

@testable import PartnerCore

/// Whatever was refused, and whoever passes on while an operator redrives: in the end every event has been passed on once,
/// and nothing that was redriven after something newer that waited.
@Suite("Redriving while others pass on", .serialized)
struct RedrivePropertyTests {
    /// Over servers each step is a call by HTTP.
    private static let stories = Backend.allCases.flatMap { backend in
        let seeds = getenv("SEEDS").flatMap { Int(String(cString: $0)) } ?? 200
        return (1...max(1, seeds / (backend == .sqlite ? 50 : 200))).map { (backend, $0) }
    }

    @Test("loses nothing, doubles nothing and keeps the order", arguments: stories)
    func all(backend: Backend, seed: Int) throws {
        let story = try RedriveStory(backend, seed: seed)
        try story.fillUp()
        try story.redriveWhileOthersPassOn()
        #expect(try story.problems() == [], "seed \(seed)")
    }
}

/// Events of a few entities, of which the receiver refuses some until it is mended.
private final class RedriveStory: Sendable {
    private struct Books {
        var accepted = 0
        /// Texts, as they were passed on.
        var passedOn: [String] = []
        /// How many had been passed on when an event was redriven, by its text.
        var redriven: [String: Int] = [:]
        var isMended = false
        var random: SeededRandom
    }

    private let stores: StoreUnderTest
    private let receiver: AWSUpstream
    private let books: Lock<Books>
    private let upstream: OwnerRezUpstream
    /// One is accepted after the other.
    private let turn = Lock(())

    init(_ backend: Backend, seed: Int) throws {
        let books = Lock(Books(random: SeededRandom(seed: UInt64(seed))))
        self.books = books
        stores = try StoreUnderTest(backend)
        upstream = try OwnerRezUpstream { _, _ in .close }
        receiver = try AWSUpstream { request, _ in
            let text = String(decoding: request.body, as: UTF8.self)
            return books.withLock { books in
                if text.contains("refused"), !books.isMended { return .json(422, "") }
                books.passedOn.append(text)
                return .json(204, "")
            }
        }
    }

    private func invocation() -> Invocation { .forStore() }

    private func inbox(_ store: RecordStore) -> EventInbox { EventInbox(store) { [stores] in stores.now } }

    private func relay(_ store: RecordStore) throws -> EventRelay {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let environment = ["EVENTS_TARGET": "http://127.0.0.1:\(receiver.port)/", "EVENTS_SIGNING_SECRET": secret]
        var settings = SettingsReader(Environment(environment))
        let target = EventTarget(reading: &settings)
        return EventRelay(inbox(store), to: target, as: .verbatim, Revocations(Connected(upstream, store).tokens))
    }

    /// Two accounts with the same three bookings.
    private func accept(refusing: Bool) throws { try turn.withLock { (_) in try acceptNext(refusing: refusing) } }

    private func acceptNext(refusing: Bool) throws {
        let (number, account, booking, isRefused) = books.withLock { books in
            books.accepted += 1
            return (
                books.accepted, books.random.number(7...8), books.random.number(1...3),
                refusing && books.random.once(in: 4)
            )
        }
        let text =
            #"{"id":\#(number),"user_id":\#(account),"entity_type":"booking","entity_id":\#(booking),"#
            + #""note":"\#(isRefused ? "refused" : "")"}"#
        #expect(try inbox(stores.store).accept(OwnerRezEvent(text: text, json(text)), in: invocation()) == .accepted)
        stores.setClock(to: stores.now.adding(milliseconds: 1))
    }

    /// Until some have been given up, and others wait.
    func fillUp() throws {
        let relay = try relay(stores.store)
        for hour in 0..<11 {
            for _ in 0..<(hour < 10 ? 4 : 12) { try accept(refusing: true) }
            _ = try relay.passOnAll(in: invocation())
            stores.setClock(to: stores.now.adding(seconds: 3601))
        }
        for _ in 0..<8 { try accept(refusing: true) }
    }

    func redriveWhileOthersPassOn() throws {
        books.withLock { $0.isMended = true }
        let errors = concurrently(3) { [self] thread -> (any Error)? in
            do {
                if thread == 0 { try redrive() } else { try passOn(thread == 1 ? stores.store : stores.another) }
                return nil
            } catch { return error }
        }.compactMap { $0 }
        for error in errors { throw error }
        // What is set aside stays so until somebody passes on, and the others may have been done before.
        repeat { _ = try relay(stores.store).passOnAll(in: invocation()) } while try redriveAll()
    }

    private func passOn(_ store: RecordStore) throws {
        let relay = try relay(store)
        for _ in 0..<6 {
            try accept(refusing: false)
            _ = try relay.passOnAll(in: invocation())
        }
    }

    private func redrive() throws {
        for _ in 0..<6 where try !redriveAll() { return }
    }

    /// - Returns: false when there was nothing.
    private func redriveAll() throws -> Bool {
        let inbox = inbox(stores.another)
        var filter = EventFilter()
        filter.states = [.setAside, .givenUp]
        var listing = inbox.listing(filter)
        var isAnyFound = false
        while let page = try listing.next(in: invocation()) {
            try EventRedrive(inbox).redrive(page, in: invocation()) { [self] found, outcome in
                guard outcome == .redriven, found.state == .givenUp, let text = found.text else { return }
                books.withLock { $0.redriven[text] = $0.passedOn.count }
            }
            isAnyFound = isAnyFound || !page.isEmpty
        }
        return isAnyFound
    }

    func problems() throws -> [String] {
        let books = books.withLock { $0 }
        var problems: [String] = []
        if books.redriven.isEmpty { problems.append("nothing was given up") }
        let events = try books.passedOn.map { OwnerRezEvent(text: $0, try json($0)) }
        let ids = events.compactMap { $0.id.flatMap { Int($0) } }
        if ids.sorted() != Array(1...books.accepted) { problems.append("not each once: \(ids)") }
        for prefix in ["ownerrez-inbox", "ownerrez-given-up"] {
            let left = try stores.store.scan(prefix: prefix, limit: 100, in: invocation()).records
            if !left.isEmpty { problems.append("left: \(left.map { $0.key })") }
        }
        // They have been accepted in the order of their ids.
        for (later, event) in events.enumerated() {
            for (earlier, other) in events[..<later].enumerated()
            where other.account == event.account && other.entity == event.entity && ids[earlier] > ids[later] {
                if let mark = books.redriven[event.text], earlier < mark { continue }
                problems.append("\(ids[earlier]) before \(ids[later])")
            }
        }
        return problems
    }
}
