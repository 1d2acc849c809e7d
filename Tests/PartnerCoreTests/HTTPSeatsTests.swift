import CSystem
import Glibc
import Testing

@testable import PartnerCore

@Suite("Who makes room")
struct HTTPSeatsTests {
    /// Both ends of a connection.
    private final class Pair {
        let ours: HTTPSocket
        let theirs: Int32

        init() {
            var ends: [Int32] = [0, 0]
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            ours = HTTPSocket(accepted: ends[0])
            theirs = ends[1]
        }

        deinit {
            close(ours.descriptor)
            close(theirs)
        }

        var isAskedToLeave: Bool {
            var byte: UInt8 = 0
            return recv(ours.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0
        }
    }

    @Test("it is the one that has been waited for longest, and each is asked once")
    func longest() throws {
        let seats = HTTPSeats(count: 3)
        let (idle, slow, stuck) = (Pair(), Pair(), Pair())
        let first = try #require(seats.take(idle.ours))
        let second = try #require(seats.take(slow.ours))
        let third = try #require(seats.take(stuck.ours))
        #expect(seats.take(idle.ours) == nil)
        seats.begin(.sending, on: third)
        seats.begin(.receiving, on: first)
        #expect(seats.askOneToLeave())
        #expect(slow.isAskedToLeave && !idle.isAskedToLeave && !stuck.isAskedToLeave)
        #expect([first, second, third].map { seats.mayStay($0) } == [true, false, true])
        #expect(seats.askOneToLeave())
        #expect(stuck.isAskedToLeave && !idle.isAskedToLeave)
        #expect(seats.askOneToLeave())
        #expect(idle.isAskedToLeave)
        #expect(!seats.askOneToLeave())
    }

    @Test("nobody is disturbed at work")
    func handling() throws {
        let seats = HTTPSeats(count: 1)
        let pair = Pair()
        let seat = try #require(seats.take(pair.ours))
        seats.begin(.handling, on: seat)
        #expect(!seats.askOneToLeave())
        seats.askAllToLeave()
        #expect(!pair.isAskedToLeave)
        seats.begin(.receiving, on: seat)
        seats.askAllToLeave()
        #expect(pair.isAskedToLeave)
    }

    @Test("whose refusal takes its time goes first, and at once")
    func pausing() throws {
        let seats = HTTPSeats(count: 2)
        let (idle, guesser) = (Pair(), Pair())
        let first = try #require(seats.take(idle.ours))
        let second = try #require(seats.take(guesser.ours))
        seats.begin(.handling, on: first)
        seats.pause(on: second, milliseconds: 1)
        #expect(seats.mayStay(second) && !seats.askOneToLeave())
        guard let pause = Thread({ seats.pause(on: second, milliseconds: 3_600_000) }) else {
            throw SystemError(code: EAGAIN)
        }
        // At work nobody is asked, so that it is the one as soon as it pauses.
        while !seats.askOneToLeave() { sleep(milliseconds: 1) }
        pause.join()
        seats.begin(.receiving, on: first)
        #expect(seats.mayStay(first) && !seats.mayStay(second))
    }

    @Test("at the end nobody pauses any more")
    func pausingAtTheEnd() throws {
        let seats = HTTPSeats(count: 1)
        let guesser = Pair()
        let seat = try #require(seats.take(guesser.ours))
        guard let pause = Thread({ seats.pause(on: seat, milliseconds: 3_600_000) }) else {
            throw SystemError(code: EAGAIN)
        }
        seats.close()
        pause.join()
    }

    @Test("a seat that was left is taken again, by one who stays")
    func again() throws {
        let seats = HTTPSeats(count: 1)
        let pair = Pair()
        let seat = try #require(seats.take(pair.ours))
        seats.askAllToLeave()
        #expect(seats.taken == 1)
        seats.leave(seat)
        #expect(seats.taken == 0)
        #expect(try seats.mayStay(#require(seats.take(pair.ours))))
        seats.close()
        #expect(!seats.mayStay(seat))
    }
}
