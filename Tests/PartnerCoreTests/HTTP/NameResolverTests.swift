import Testing

@testable import PartnerCore

@Suite("Names")
struct NameResolverTests {
    private let clock = Lock(Instant.now())
    private let good = NameServerDouble(.addresses([7, 8], seconds: 60))
    private let expected = ["192.0.2.7", "192.0.2.8"]

    private func resolver(_ servers: [NameServers.Server]) -> NameResolver {
        NameResolver(servers: { servers }, now: { [clock] in clock.withLock { $0 } })
    }

    private func addresses(
        _ resolver: NameResolver, oldOnesDo: Bool = false, seconds: Int = 20
    )
        throws(HTTPError)
        -> [String]
    {
        try resolver.addresses(
            of: NameServerDouble.name, oldOnesDo: oldOnesDo, until: .after(seconds: seconds))
    }

    private func pass(seconds: Int) { clock.withLock { $0 = $0.adding(seconds: seconds) } }

    @Test("while the first server says nothing the second is asked, and from then on it is the first")
    func silentServer() throws {
        let silent = NameServerDouble(.silence)
        let resolver = resolver([silent.server, good.server])
        #expect(try addresses(resolver) == expected)
        let (asked, answered) = (silent.asked, good.asked)
        #expect(asked > 0 && answered > 0)
        pass(seconds: 61)
        good.answers(.noSuchName)
        #expect(throws: HTTPError.hostNotFound) { try addresses(resolver) }
        #expect(good.asked > answered && silent.asked == asked)
    }

    @Test("a server that is not there, or that fails, is passed over")
    func failingServers() throws {
        let failing = NameServerDouble(.failure)
        #expect(try addresses(resolver([NameServerDouble.closed(), failing.server, good.server])) == expected)
        #expect(failing.asked > 0)
    }

    @Test("a server that loses a question is asked again")
    func lostQuestion() throws {
        let lossy = NameServerDouble(.silence)
        let answers = Thread {
            while lossy.asked < 2 { sleep(milliseconds: 5) }
            lossy.answers(.addresses([7, 8], seconds: 60))
        }
        #expect(try addresses(resolver([lossy.server])) == expected)
        answers!.join()
    }

    @Test("IPv6 addresses that never come hold up no others")
    func silentIPv6() throws {
        let server = NameServerDouble(.addresses([7, 8], seconds: 60), answersIPv6: false)
        #expect(try addresses(resolver([server.server])) == expected)
    }

    @Test(
        "an answer is kept for as long as it says, and beyond that where a connection is there already")
    func lifetime() throws {
        let resolver = resolver([good.server])
        for _ in 0..<2 { #expect(try addresses(resolver) == expected) }
        good.answers(.addresses([9], seconds: 60))
        pass(seconds: 59)
        #expect(try addresses(resolver) == expected)
        pass(seconds: 2)
        #expect(try addresses(resolver, oldOnesDo: true) == expected)
        #expect(try addresses(resolver) == ["192.0.2.9"])
    }

    @Test("when no server answers any more the old answer serves, and they are not asked every time")
    func staleAnswer() throws {
        let resolver = resolver([good.server])
        #expect(try addresses(resolver) == expected)
        good.answers(.failure)
        pass(seconds: 61)
        #expect(try addresses(resolver) == expected)
        let asked = good.asked
        #expect(try addresses(resolver) == expected)
        #expect(asked > 1 && good.asked == asked)
    }

    @Test("that a name is not there is believed; that nobody says anything is another thing")
    func noName() throws {
        let server = NameServerDouble(.noSuchName)
        #expect(throws: HTTPError.hostNotFound) { try addresses(resolver([server.server])) }
        server.answers(.silence)
        #expect(throws: HTTPError.namesNotAnswered) { try addresses(resolver([server.server]), seconds: 1) }
        server.answers(.failure)
        #expect(throws: HTTPError.namesNotAnswered) { try addresses(resolver([server.server])) }
    }

    @Test("of many who ask at once one asks the server, and all have its answer")
    func sharing() {
        let resolver = resolver([good.server])
        let results = Lock<[[String]]>([])
        concurrently(16, atMost: 16) { _ in
            let found = try? resolver.addresses(of: NameServerDouble.name, until: .after(seconds: 20))
            results.withLock { $0.append(found ?? []) }
        }
        #expect(results.withLock { $0 } == Array(repeating: expected, count: 16))
        #expect(good.asked < 16)
    }
}
