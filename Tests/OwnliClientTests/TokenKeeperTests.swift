import Foundation
import PartnerCore
import Testing

@testable import OwnliClient

@Suite("The user token")
struct TokenKeeperTests {
    struct Outage: Error {}

    @Test("a hundred callers at once ask once, and all have the same token")
    func manyCallers() async throws {
        let mint = Mint()
        let gate = Gate()
        let keeper = TokenKeeper {
            await gate.pass()
            return await mint.token()
        }
        let secrets = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await keeper.lease().token.secret } }
            while await keeper.waiting < 100 { await Task.yield() }
            await gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(secrets == Array(repeating: "token-1", count: 100))
        #expect(await mint.asked == 1)
    }

    @Test("a caller that is cancelled stops waiting; the others have their token")
    func cancelledCaller() async throws {
        let mint = Mint()
        let gate = Gate()
        let keeper = TokenKeeper {
            await gate.pass()
            return await mint.token()
        }
        let cancelled = Task { try await keeper.lease() }
        while await keeper.waiting < 1 { await Task.yield() }
        let patient = Task { try await keeper.lease().token.secret }
        while await keeper.waiting < 2 { await Task.yield() }
        cancelled.cancel()
        // It ends while the gate is still closed.
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        await gate.open()
        #expect(try await patient.value == "token-1")
        #expect(await mint.asked == 1)
    }

    @Test("when nobody waits any more, the question is not cancelled, and its answer serves the next call")
    func everybodyCancelled() async throws {
        let mint = Mint()
        let gate = Gate()
        let keeper = TokenKeeper {
            await gate.pass()
            try Task.checkCancellation()
            return await mint.token()
        }
        let only = Task { try await keeper.lease() }
        while await keeper.waiting < 1 { await Task.yield() }
        only.cancel()
        await #expect(throws: CancellationError.self) { try await only.value }
        await gate.open()
        #expect(try await keeper.lease().token.secret == "token-1")
        #expect(await mint.asked == 1)
    }

    @Test("a call that was cancelled before it began asks for nothing")
    func cancelledBefore() async throws {
        let mint = Mint()
        let keeper = TokenKeeper { await mint.token() }
        let gate = Gate()
        let late = Task {
            await gate.pass()
            return try await keeper.lease()
        }
        late.cancel()
        await gate.open()
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(await mint.asked == 0)
    }

    @Test("a question that fails fails for all who waited, and the next call asks anew")
    func failure() async throws {
        let asked = Lock(0)
        let gate = Gate()
        let keeper = TokenKeeper {
            let number = asked.withLock { count in
                count += 1
                return count
            }
            await gate.pass()
            if number == 1 { throw Outage() }
            return UserToken(secret: "token-\(number)", expiresIn: 3600)
        }
        let callers = (0..<10).map { _ in Task { try await keeper.lease() } }
        while await keeper.waiting < 10 { await Task.yield() }
        await gate.open()
        for caller in callers { await #expect(throws: Outage.self) { try await caller.value } }
        #expect(asked.withLock { $0 } == 1)
        #expect(try await keeper.lease().token.secret == "token-2")
    }

    @Test("what is said late about the old token does not throw the new one away")
    func lateRefusal() async throws {
        let mint = Mint()
        let keeper = TokenKeeper { await mint.token() }
        let old = try await keeper.lease()
        await keeper.discard(old)
        #expect(try await keeper.lease().token.secret == "token-2")
        await keeper.discard(old)
        #expect(try await keeper.lease().token.secret == "token-2")
        #expect(await mint.asked == 2)
    }

    @Test(
        "a token is renewed 5 minutes before it expires, or at half a short life; one without any is not kept",
        arguments: [(3600, 3300), (600, 300), (599, 300), (301, 151), (300, 150), (2, 1), (0, 0)])
    func renewal(expiresIn: Int, renewedAfter: Int) async throws {
        let start = ContinuousClock.now
        let time = Lock(start)
        let mint = Mint(expiresIn: expiresIn)
        let keeper = TokenKeeper(now: { time.withLock { $0 } }, ask: { await mint.token() })
        #expect(try await keeper.lease().token.secret == "token-1")
        if renewedAfter > 0 {
            time.withLock { $0 = start + .seconds(renewedAfter - 1) }
            #expect(try await keeper.lease().token.secret == "token-1")
        }
        time.withLock { $0 = start + .seconds(renewedAfter) }
        #expect(try await keeper.lease().token.secret == "token-2")
    }

    @Test("the time that the answer took counts as life")
    func slowAnswer() async throws {
        let start = ContinuousClock.now
        let time = Lock(start)
        let mint = Mint()
        let keeper = TokenKeeper(
            now: { time.withLock { $0 } },
            ask: {
                time.withLock { $0 += .seconds(60) }
                return await mint.token()
            })
        _ = try await keeper.lease()
        time.withLock { $0 = start + .seconds(3300) }
        #expect(try await keeper.lease().token.secret == "token-2")
    }

    @Test("a token shows in no description, no dump and no reflection")
    func redacted() async throws {
        let token = UserToken(secret: "eyJsecret", expiresIn: 3600)
        var dumped = ""
        dump([token], to: &dumped)
        let lease = try await TokenKeeper { token }.lease()
        for text in [
            "\(token)", String(reflecting: token), "\([token])", "\(lease)", String(reflecting: lease), dumped,
        ] {
            #expect(!text.contains("eyJsecret"))
            #expect(text.contains("<redacted>"))
        }
        #expect(Mirror(reflecting: token).children.isEmpty)
    }
}
