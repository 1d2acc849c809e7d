import CSystem

/// A small, strict HTTP/1.1 server: blocking calls, one thread per connection, a bounded number of them.
public final class HTTPServer: Sendable {
    /// What a peer may take. The defaults suit an API of small JSON bodies.
    public struct Limits: Sendable {
        /// The request line, the fields, the trailers and the chunk extensions together.
        public var headerBytes = 16_384
        public var bodyBytes = 1_048_576
        /// From a request's first byte to the end of its header.
        public var headerMilliseconds = 10_000
        public var bodyMilliseconds = 30_000
        /// Between requests, and before the first.
        public var idleMilliseconds = 60_000
        /// Further ones are answered with 503.
        public var connections = 256

        public init() {}
    }

    /// What becomes of a request.
    public enum Reply: Sendable {
        /// The server adds Content-Length and Connection. What is to be done afterwards is done once the answer is sent,
        /// before the connection's next request is read: something short, like a line in a log.
        case response(Response, afterwards: (@Sendable () -> Void)? = nil)
        /// RST, no answer.
        case reset
        /// FIN, no answer.
        case close
    }

    public enum Interface: Sendable { case loopback, all }

    /// Connections beyond the limit that are told so at one time; any more are cut without a word.
    private static let turnedAwayAtOnce = 16

    /// The port it listens on.
    public let port: Int
    private let listener: Int32
    private let limits: Limits
    private let handler: @Sendable (Request) -> Reply
    private let stopSignal: StopSignal
    private let open = Lock(0)

    /// Binds and listens: connections are taken from here on, and answered from `run` on.
    ///
    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - handler: called by many threads at once.
    public init(
        port: Int, on interface: Interface = .loopback, limits: Limits = Limits(),
        handler: @escaping @Sendable (Request) -> Reply
    ) throws(HTTPServerError) {
        guard let number = UInt16(exactly: port) else { throw .noSuchPort(port) }
        do throws(SystemError) {
            stopSignal = try StopSignal()
            listener = try Self.listen(on: number, interface)
            self.port = try Self.port(of: listener)
        } catch {
            throw .cannotListen(port: port, error)
        }
        self.limits = limits
        self.handler = handler
    }

    deinit { close(listener) }

    /// Blocks: serves until `stop` is called and every request that has come by then is answered. Once only.
    public func run() {
        while !stopSignal.isSet {
            waitFor(POLLIN, on: listener, or: stopSignal, milliseconds: Int(Int32.max) - 1)
            acceptAll()
        }
        // A listening socket that is shut down refuses connections; those that had been made are served.
        acceptAll()
        shutdown(listener, Int32(SHUT_RD))
        while open.wait(until: .after(milliseconds: 60_000), for: { $0 == 0 ? true : nil }) == nil {}
    }

    /// Serves until the process is told to end.
    public func run(until signals: TerminationSignals) {
        guard let running = Thread({ [self] in run() }) else { fatalError("the system has no thread left to give") }
        signals.wait()
        stop()
        running.join()
    }

    /// Stops accepting and lets `run` return. May be called from a signal handler: it is one write(2).
    public func stop() { stopSignal.set() }

    private func acceptAll() {
        while true {
            let descriptor = csystem_accept(listener)
            if descriptor >= 0 {
                admit(HTTPSocket(accepted: descriptor))
                continue
            }
            switch csystem_errno() {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // The connection stays in the queue, and poll would say so at once, again and again.
                return sleep(milliseconds: 20)
            default: return
            }
        }
    }

    private func admit(_ socket: HTTPSocket) {
        let count = open.withLock { count in
            count += 1
            return count
        }
        let connection = HTTPConnection(socket: socket, limits: limits, stop: stopSignal, handler: handler)
        let isTurnedAway = count > limits.connections
        if count <= limits.connections + Self.turnedAwayAtOnce,
            let thread = Thread({ [self] in
                if isTurnedAway { connection.turnAway() } else { connection.serve() }
                leave()
            })
        {
            thread.detach()
        } else {
            socket.reset()
            leave()
        }
    }

    private func leave() {
        open.withLock { $0 -= 1 }
        open.notify()
    }
}

/// Why there is no server.
public enum HTTPServerError: Error, Equatable {
    case noSuchPort(Int)
    case cannotListen(port: Int, SystemError)

    public var description: String {
        switch self {
        case .noSuchPort(let port): "\(port) is no port: expected 0 to 65535"
        case .cannotListen(let port, let error): "cannot listen on port \(port): \(error.reason)"
        }
    }
}
