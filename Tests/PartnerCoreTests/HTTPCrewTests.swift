import CSystem
import Glibc
import TestSupport
import Testing

@testable import PartnerCore

@Suite("Who serves, and who is waited for")
struct HTTPCrewTests {
    @Test("requests that come at once are handled at once, and none waits for another")
    func together() throws {
        try comeTogether(40)
    }

    @Test("nobody waits for those whose body has come, be it long after the head", arguments: [2, 40])
    func bodies(count: Int) throws {
        let server = try server(gathering: count)
        try running(server) {
            let connections = try (0..<count).map { _ in try #require(RawConnection(port: server.port)) }
            for connection in connections {
                connection.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
                #expect(connection.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
            }
            for connection in connections { connection.send("x") }
            for connection in connections {
                #expect(connection.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    @Test(
        "many more than are ample come together where they wait for each other, with or without saying so",
        arguments: [true, false])
    func manyMore(isTold: Bool) throws {
        try comeTogether(3 * HTTPRoster(most: .max).ample, isTold: isTold)
    }

    @Test("what is answered at once waits for nobody, though all others wait for something")
    func atOnce() throws {
        let release = Lock(false)
        let intake = HTTPServer.Intake(
            admit: { _, _ in
                _ = release.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil }
                return .reply(.response(Response(status: 204)))
            },
            atOnce: { head in head.path == "/now" ? .response(Response(status: 200)) : nil })
        let server = try HTTPServer(port: 0, intake: intake)
        try running(server) {
            let held = try (0..<16).map { _ in try #require(RawConnection(port: server.port)) }
            for connection in held { connection.send("GET /held HTTP/1.0\r\n\r\n") }
            let quick = try #require(RawConnection(port: server.port))
            quick.send("GET /now HTTP/1.0\r\n\r\n")
            #expect(quick.readToEnd().text.hasPrefix("HTTP/1.1 200 "))
            #expect(!release.withLock { $0 })
            release.withLock { $0 = true }
            release.notify()
            for connection in held { #expect(connection.readToEnd().text.hasPrefix("HTTP/1.1 204 ")) }
        }
    }

    @Test("who sends faster than is read holds up nobody, though each request of theirs is answered at once")
    func flooded() throws {
        let release = Lock(false)
        let intake = HTTPServer.Intake(
            admit: { _, _ in .reply(.response(Response(status: 404))) },
            atOnce: { head in
                if head.path == "/last" { _ = release.wait(until: .after(milliseconds: 20_000)) { $0 ? true : nil } }
                return .response(Response(status: 200))
            })
        let server = try HTTPServer(port: 0, intake: intake)
        try running(server) {
            let flood = String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 1000)
            let floods = try (0..<16).map { _ in try #require(RawConnection(port: server.port)) }
            for connection in floods { connection.send(flood + "GET /last HTTP/1.0\r\n\r\n") }
            let other = try #require(RawConnection(port: server.port))
            other.send("GET / HTTP/1.0\r\n\r\n")
            #expect(other.readToEnd().text.hasPrefix("HTTP/1.1 200 "))
            #expect(!release.withLock { $0 })
            release.withLock { $0 = true }
            release.notify()
            for connection in floods { #expect(connection.readToEnd().ending == .closed) }
        }
    }

    @Test("what is told of a connection that is gone is not taken for its successor's")
    func successor() throws {
        let seats = HTTPSeats(count: 1)
        let (first, second) = (try socketPair(), try socketPair())
        defer { for pair in [first, second] { _ = (pair.ours.close(), close(pair.theirs)) } }
        let events = try HTTPEvents()
        let duty = HTTPDuty(events: events, seats: seats, bell: try Bell())
        let crew = HTTPCrew(most: 1, duty: duty)
        let visits = try [first, second].map { pair in
            let seat = try #require(seats.take(pair.ours))
            let connection = HTTPConnection(
                socket: pair.ours, seat: seat, seats: seats, crew: crew, limits: .init(), now: { .now() },
                bodies: HTTPBodyBudget(bytes: 1), intake: .all(atMost: 1) { _ in .close })
            let visit = seats.seat(connection, on: seat)
            if pair.theirs == first.theirs { seats.leave(seat) }
            return visit
        }
        #expect(seats.claim(visits[0]) == nil)
        #expect(seats.claim(visits[1]) != nil)
    }

    @Test("who has been waited for in vain is told, and others are waited for still")
    func late() throws {
        let seats = HTTPSeats(count: 2)
        let (late, early) = (try socketPair(), try socketPair())
        defer { for pair in [late, early] { _ = (pair.ours.close(), close(pair.theirs)) } }
        let first = try #require(seats.take(late.ours))
        let second = try #require(seats.take(early.ours))
        let now = Instant.now()
        #expect(seats.endLate() == nil)
        #expect(seats.wait(on: first, isNew: true, isIdle: true, until: now))
        #expect(seats.wait(on: second, isNew: true, isIdle: true, until: now.adding(seconds: 60)))
        let milliseconds = try #require(seats.endLate())
        #expect((50_000...60_001).contains(milliseconds))
        #expect(seats.isLate(first) && !seats.isLate(second))
        #expect(!seats.mayStay(first) && seats.mayStay(second))
        // At the end nobody has more than a moment left for what may be on its way.
        seats.close()
        #expect(try #require(seats.endLate()) <= 201)
    }

    private func socketPair() throws -> (ours: HTTPSocket, theirs: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (HTTPSocket(accepted: ends[0]), ends[1])
    }

    /// One that answers with 200 once so many requests are handled at the same time.
    ///
    /// - Parameter isTold: whether the server is told that they wait for each other.
    private func server(gathering count: Int, isTold: Bool = true) throws -> HTTPServer {
        let handling = Lock(0)
        return try HTTPServer(port: 0) { _ in
            handling.withLock { $0 += 1 }
            handling.notify()
            let deadline = Deadline.after(milliseconds: 20_000)
            while !isTold, handling.withLock({ $0 < count }), deadline.remainingMilliseconds > 0 { usleep(1000) }
            let areAllThere = handling.wait(until: deadline) { $0 >= count ? true : nil }
            return .response(Response(status: areAllThere == true ? 200 : 500))
        }
    }

    private func comeTogether(_ count: Int, isTold: Bool = true) throws {
        let server = try server(gathering: count, isTold: isTold)
        try running(server) {
            let connections = try (0..<count).map { _ in try #require(RawConnection(port: server.port)) }
            for connection in connections { connection.send("GET / HTTP/1.0\r\n\r\n") }
            for connection in connections { #expect(connection.readToEnd().text.hasPrefix("HTTP/1.1 200 ")) }
        }
    }

    private func running(_ server: HTTPServer, _ body: () throws -> Void) throws {
        guard let run = Thread({ server.run() }) else { throw SystemError(code: EAGAIN) }
        let result = Result { try body() }
        server.stop()
        run.join()
        try result.get()
    }
}
