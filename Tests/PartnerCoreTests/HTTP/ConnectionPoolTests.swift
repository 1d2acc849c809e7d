import Testing

@testable import PartnerCore

@Suite("Connections that wait for their next call")
struct ConnectionPoolTests {
    private let server: HTTPServer
    private let clock = Lock(Instant.now())
    private let pool: ConnectionPool

    init() throws {
        server = try HTTPServer(port: 0) { _ in .response(Response(status: 200)) }
        let server = server
        Thread { server.run() }!.detach()
        pool = ConnectionPool { [clock] in clock.withLock { $0 } }
    }

    /// One that has made a call.
    private func used() throws -> OutboundConnection {
        let connection = OutboundConnection(trust: .none, largestAnswer: 1000, proxyExceptions: nil)
        let request = HTTPRequest(name: "GET /", method: "GET", url: "http://127.0.0.1:\(server.port)/")
        let timeouts = OutboundConnection.Timeouts(connectMilliseconds: 20_000, wholeMilliseconds: 20_000)
        #expect(try connection.send(request, timeouts: timeouts).status == 200)
        return connection
    }

    @Test("of a burst's connections few are kept")
    func bound() throws {
        defer { server.stop() }
        for _ in 0..<ConnectionPool.mostIdle + 8 { pool.giveBack(try used()) }
        pool.sweep()
        #expect(pool.count == ConnectionPool.mostIdle + 8, "while it may go on")
        clock.withLock { $0 = $0.adding(milliseconds: ConnectionPool.burstMilliseconds) }
        pool.sweep()
        #expect(pool.count == ConnectionPool.mostIdle)
    }

    @Test("the one used last is used next")
    func order() throws {
        defer { server.stop() }
        let connections = [try used(), try used()]
        for connection in connections { pool.giveBack(connection) }
        #expect(pool.take() === connections[1])
        #expect(pool.take() === connections[0])
        #expect(pool.take() == nil)
    }

    @Test("those that nobody has used for a minute go, and the others stay")
    func expiry() throws {
        defer { server.stop() }
        pool.giveBack(try used())
        clock.withLock { $0 = $0.adding(seconds: ConnectionPool.longestIdleSeconds - 1) }
        let young = try used()
        pool.giveBack(young)
        pool.sweep()
        #expect(pool.count == 2)
        clock.withLock { $0 = $0.adding(seconds: 1) }
        pool.sweep()
        #expect(pool.count == 1 && pool.take() === young)
    }

    @Test("those that the other side has closed go without a call")
    func abandoned() throws {
        for _ in 0..<4 { pool.giveBack(try used()) }
        pool.sweep()
        #expect(pool.count == 4)
        server.stop()
        let deadline = Deadline.after(seconds: 20)
        while pool.count > 0 && deadline.remainingMilliseconds > 0 {
            sleep(milliseconds: 10)
            pool.sweep()
        }
        #expect(pool.count == 0)
    }
}
