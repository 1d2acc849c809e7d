import Testing

@testable import PartnerCore

@Suite("A secret that may be renewed")
struct RenewableSecretTests {
    /// Its time begins when it is used: a test may wait for its turn.
    private var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    /// A vault whose secret and clock are set by the test.
    private final class Vault: Sendable {
        let text = Lock("old")
        let error = Lock<SecretError?>(nil)
        let fetches = Lock(0)
        let seconds = Lock(0)

        var secret: RenewableSecret {
            RenewableSecret(
                name: "NAME_SECRET", Secret("old"),
                now: { [self] in Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
            ) { [self] (_) throws(SecretError) in
                fetches.withLock { $0 += 1 }
                // Long enough for other threads to come.
                sleep(milliseconds: 20)
                if let error = error.withLock({ $0 }) { throw error }
                return Secret(text.withLock { $0 })
            }
        }

        func pass(seconds more: Int) { seconds.withLock { $0 += more } }
        var fetchCount: Int { fetches.withLock { $0 } }
    }

    @Test("it is fetched again when it is refused, and only if it has changed is there another")
    func renewed() {
        let vault = Vault()
        let secret = vault.secret
        vault.pass(seconds: 60)
        #expect(secret.renewed(insteadOf: Secret("old"), in: invocation) == nil)
        #expect(vault.fetchCount == 1)
        vault.pass(seconds: 60)
        vault.text.withLock { $0 = "new" }
        #expect(secret.renewed(insteadOf: Secret("old"), in: invocation) == Secret("new"))
        #expect(secret.current == Secret("new"))
        #expect(vault.fetchCount == 2)
    }

    @Test("it is not fetched within a minute of the last time, the start included")
    func pause() {
        let vault = Vault()
        let secret = vault.secret
        vault.text.withLock { $0 = "new" }
        vault.pass(seconds: 59)
        #expect(secret.renewed(insteadOf: Secret("old"), in: invocation) == nil)
        #expect(vault.fetchCount == 0)
        vault.pass(seconds: 1)
        #expect(secret.renewed(insteadOf: Secret("old"), in: invocation) == Secret("new"))
        for _ in 1...100 { #expect(secret.renewed(insteadOf: Secret("new"), in: invocation) == nil) }
        #expect(vault.fetchCount == 1)
    }

    @Test("of many that are refused at once one fetches, and all get what it brought")
    func together() {
        let vault = Vault()
        let secret = vault.secret
        vault.text.withLock { $0 = "new" }
        vault.pass(seconds: 60)
        let renewed = Lock(0)
        concurrently(20, atMost: 20) { _ in
            if secret.renewed(insteadOf: Secret("old"), in: invocation) == Secret("new") {
                renewed.withLock { $0 += 1 }
            }
        }
        #expect(renewed.withLock { $0 } == 20)
        #expect(vault.fetchCount == 1)
    }

    @Test("whoever comes late with the old one gets the new one without a fetch")
    func late() {
        let vault = Vault()
        let secret = vault.secret
        vault.text.withLock { $0 = "new" }
        vault.pass(seconds: 60)
        _ = secret.renewed(insteadOf: Secret("old"), in: invocation)
        #expect(secret.renewed(insteadOf: Secret("old"), in: invocation) == Secret("new"))
        #expect(vault.fetchCount == 1)
    }

    @Test("a failed fetch keeps the secret and the pause")
    func failure() {
        let vault = Vault()
        let secret = vault.secret
        vault.pass(seconds: 60)
        vault.error.withLock { $0 = .notFetched(reason: "denied") }
        for _ in 1...3 { #expect(secret.renewed(insteadOf: Secret("old"), in: invocation) == nil) }
        #expect(vault.fetchCount == 1)
        #expect(secret.current == Secret("old"))
    }

    @Test("whoever waits for another's fetch does so until its own deadline")
    func deadline() {
        let seconds = Lock(0)
        let isFetching = Lock(false)
        let isReleased = Lock(false)
        let secret = RenewableSecret(
            name: "NAME_SECRET", Secret("old"),
            now: { Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
        ) { (_) throws(SecretError) in
            isFetching.withLock { $0 = true }
            while !isReleased.withLock({ $0 }) { sleep(milliseconds: 1) }
            return Secret("new")
        }
        seconds.withLock { $0 = 60 }
        let fetcher = Thread { [invocation] in
            #expect(secret.renewed(insteadOf: Secret("old"), in: invocation) == Secret("new"))
        }!
        while !isFetching.withLock({ $0 }) { sleep(milliseconds: 1) }
        let impatient = Invocation(requestID: "r", deadline: .after(milliseconds: 50), log: Log(descriptor: -1))
        #expect(secret.renewed(insteadOf: Secret("old"), in: impatient) == nil)
        isReleased.withLock { $0 = true }
        fetcher.join()
    }
}
