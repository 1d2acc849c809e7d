import CSystem
import Testing

@testable import PartnerCore

@Suite("A log whose reader stops reading")
struct LogOutputTests {
    /// A pipe that a log writes to.
    private final class Pipe {
        let log: Log
        private let ends: [Int32]

        init() {
            var ends: [Int32] = [0, 0]
            csystem_pipe(&ends)
            self.ends = ends
            log = Log(descriptor: ends[1])
        }

        deinit { for end in ends { close(end) } }

        /// What is in it.
        func read() throws -> [JSON] { try Self.lines(readBytes()) }

        static func lines(_ bytes: [UInt8]) throws -> [JSON] {
            try bytes.split(separator: UInt8(ascii: "\n")).map { try JSON.parse(Array($0)) }
        }

        func readBytes() -> [UInt8] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            var ready = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            while poll(&ready, 1, 0) == 1 { bytes += buffer[..<CSystem.read(ends[0], &buffer, buffer.count)] }
            return bytes
        }
    }

    private static let filler = [JSON.Member("filler", .string(String(repeating: "x", count: 1000)))]

    @Test("waits once and then no more; what was dropped is counted, and told when lines are taken again")
    func dropped() throws {
        let pipe = Pipe()
        // Had each waited, it would be half an hour.
        for number in 0..<10_000 { pipe.log.write(.info, "\(number)", Self.filler) }
        let first = try pipe.read()
        let count = first.count
        #expect((1..<10_000).contains(count))
        #expect(first.enumerated().allSatisfy { $1["message"] == .string("\($0)") })
        pipe.log.write(.info, "again")
        let then = try pipe.read()
        #expect(then.map { $0["level"] } == ["WARN", "INFO"])
        #expect(then[0]["dropped"] == .integer(10_000 - count))
        #expect(then[1]["message"] == "again")
        pipe.log.write(.info, "and again")
        #expect(try pipe.read().count == 1)
    }

    @Test("a line that is longer than the pipe comes whole, though its reader stopped in the middle")
    func long() throws {
        let pipe = Pipe()
        pipe.log.write(.info, String(repeating: "y", count: 150_000))
        pipe.log.write(.info, "dropped")
        var bytes = pipe.readBytes()
        pipe.log.finish()
        bytes += pipe.readBytes()
        pipe.log.write(.info, "last")
        bytes += pipe.readBytes()
        let lines = try Pipe.lines(bytes)
        #expect(lines.map { $0["dropped"] } == [nil, 1, nil])
        #expect(lines[0]["message"]?.string?.utf8.count == 150_000)
        #expect(lines[2]["message"] == "last")
    }

    @Test("what was dropped is told at the end, if it can be by then")
    func end() throws {
        let pipe = Pipe()
        for _ in 0..<200 { pipe.log.write(.info, "x", Self.filler) }
        pipe.log.finish()
        let count = try pipe.read().count
        pipe.log.finish()
        #expect(try pipe.read().map { $0["dropped"] } == [.integer(200 - count)])
        pipe.log.finish()
        #expect(try pipe.read().isEmpty)
    }

    @Test("metrics go the same way")
    func metrics() throws {
        let pipe = Pipe()
        let line = JSON.string(String(repeating: "1", count: 1000)).text + [UInt8(ascii: "\n")]
        for _ in 0..<100 { pipe.log.write(lines: line + line) }
        let count = try pipe.read().count
        pipe.log.write(lines: Array("2\n".utf8))
        let then = try pipe.read()
        #expect(then.map { $0["dropped"] } == [.integer(200 - count), nil])
        #expect(then.last == 2)
    }
}
