import CCurl

/// Sends requests, keeping connections alive between them. Any number of threads may share it: each call takes a
/// connection of its own out of the pool.
public final class HTTPClient: Sendable {
    /// A larger answer of an upstream's is refused.
    public static let largestAnswer = 1_048_576
    static let connectMilliseconds = 2000
    /// What is kept of an invocation's time to answer in.
    static let reservedMilliseconds = 500

    /// Of the one upstream that a client is for.
    let peerClock = PeerClock()
    private let pool = ConnectionPool()
    private let trust: TrustStore
    private let exceptions: ProxyExceptions
    /// Nil where the environment names a proxy: it is the proxy's name then, if any, that libcurl has to resolve.
    private let names: NameResolver?
    private let largestAnswer: Int

    /// - Parameter largestAnswer: bytes of a body; what is larger is refused.
    public init(reading settings: inout SettingsReader, largestAnswer: Int = HTTPClient.largestAnswer) {
        trust = TrustStore(reading: &settings)
        _ = settings.optionalSecret("HTTPS_PROXY", "a proxy that calls to the outside take: http://HOST:PORT")
        exceptions = ProxyExceptions(reading: &settings)
        names = ProxyExceptions.isAnyProxySet(settings.environment) ? nil : NameResolver()
        self.largestAnswer = largestAnswer
    }

    /// Sends one request, once. It ends with the smaller of the request's own limit and what is left of the invocation
    /// less 500 ms.
    /// Redirects are not followed: they come back as they are.
    package func send(_ request: HTTPRequest, in invocation: Invocation) throws(HTTPError) -> HTTPResponse {
        let left = invocation.deadline.remainingMilliseconds.saturatingSubtracting(Self.reservedMilliseconds)
        guard left > 0 else { throw .timedOut }
        let whole = Deadline.after(milliseconds: min(request.longestMilliseconds, left))
        let connection =
            pool.take()
            ?? OutboundConnection(trust: trust, largestAnswer: largestAnswer, proxyExceptions: exceptions)
        defer { pool.giveBack(connection, afterCall: !invocation.isPreparation) }
        let started = Instant.now()
        let span = invocation.span(from: started)
        let request = span.map { request.adding("traceparent", $0.traceparent) } ?? request
        do throws(HTTPError) {
            let authority = connection.authority(of: request.url)
            let addresses = try addresses(of: authority, for: request, over: connection, until: whole)
            let left = whole.remainingMilliseconds
            guard left > 0 else { throw .timedOut }
            let timeouts = OutboundConnection.Timeouts(
                connectMilliseconds: min(Self.connectMilliseconds, left), wholeMilliseconds: left)
            let response = try blocking { () throws(HTTPError) in
                try connection.send(request, to: addresses, timeouts: timeouts)
            }
            if let date = response.date { peerClock.note(date) }
            invocation.add(
                Invocation.Call(
                    name: request.name, outcome: "\(response.status)", microseconds: started.elapsedMicroseconds,
                    span: span))
            return response
        } catch {
            invocation.add(
                Invocation.Call(
                    name: request.name, outcome: error.description, microseconds: started.elapsedMicroseconds,
                    span: span))
            throw error
        }
    }

    /// Makes a connection ready for the next call there. The request that does it says nothing and wants nothing; whatever
    /// it is answered, the connection stays.
    func prepareConnection(to baseURL: BaseURL, in invocation: Invocation) {
        let request = HTTPRequest(name: "HEAD /", method: "HEAD", url: baseURL.text + "/", statusSuffices: true)
        _ = try? send(request, in: invocation)
    }

    /// Of its host, unless that is an address itself.
    private func addresses(
        of authority: Authority?, for request: HTTPRequest, over connection: OutboundConnection, until whole: Deadline
    ) throws(HTTPError) -> [String] {
        guard let names, let authority, authority.isName else { return [] }
        // A connection that is there needs no address. If it turns out dead, libcurl makes another.
        let oldOnesDo = request.mayBeSentTwice && connection.isConnected(to: authority)
        let longest = min(Self.connectMilliseconds, whole.remainingMilliseconds)
        return try names.addresses(of: authority.host, oldOnesDo: oldOnesDo, until: .after(milliseconds: longest))
    }
}
