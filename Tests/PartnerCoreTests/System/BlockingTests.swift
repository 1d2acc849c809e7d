import Glibc
import Testing

@testable import PartnerCore

@Suite("Whoever has threads serve others is told when they wait")
struct BlockingTests {
    /// What a thread's watch is told while it does this.
    private func told(_ work: @escaping @Sendable () -> Void) throws -> [String] {
        let told = Lock<[String]>([])
        guard
            let thread = Thread({
                let watch = BlockingWatch(
                    began: { told.withLock { $0.append("began") } }, ended: { told.withLock { $0.append("ended") } })
                watch.watchThread()
                work()
                _ = consume watch
            })
        else { throw SystemError(code: EAGAIN) }
        thread.join()
        return told.withLock { $0 }
    }

    @Test("by sleeping, and by a lock's value that is not there yet")
    func waits() throws {
        #expect(try told { sleep(milliseconds: 1) } == ["began", "ended"])
        let lock = Lock(0)
        #expect(try told { _ = lock.wait(until: .after(milliseconds: 1)) { $0 > 0 ? $0 : nil } } == ["began", "ended"])
    }

    @Test("not by a value that is there, nor by work")
    func works() throws {
        let lock = Lock(1)
        #expect(try told { _ = lock.wait(until: .after(milliseconds: 1000)) { $0 > 0 ? $0 : nil } } == [])
        #expect(try told { lock.withLock { $0 += 1 } } == [])
    }

    @Test("an error ends it too")
    func failure() throws {
        let told = try told {
            do throws(HTTPError) { try blocking { () throws(HTTPError) in throw .timedOut } } catch {}
        }
        #expect(told == ["began", "ended"])
    }

    @Test("a thread that nobody watches waits as well")
    func unwatched() { #expect(blocking { 7 } == 7) }
}
