import COpenSSL
import CSystem

/// SIGTERM and SIGINT, waited for instead of dying of them. To be made before there are threads, which inherit it.
///
/// Whoever waits for them ends while other threads still run, or are just ending. OpenSSL would free at the end of the
/// process what those free too; so it is told not to, which it listens to before anything else only.
public struct TerminationSignals: Sendable {
    private let signals: sigset_t

    public init() {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        self.signals = signals
    }

    /// Blocks until one of them comes.
    func wait() {
        var signals = signals
        var received: Int32 = 0
        sigwait(&signals, &received)
    }
}

extension HTTPServer {
    /// Serves until the process is told to end, and until every request that has come by then is answered.
    ///
    /// - Parameter stopping: called when it is told.
    /// - Returns: how many connections were still at work when the time for that was over.
    /// - Throws: `noThread`, before anybody is served: nothing could end the process properly.
    @discardableResult
    public func run(
        until signals: TerminationSignals, stopping: @escaping @Sendable () -> Void = {}
    ) throws(HTTPServerError) -> Int {
        let waiting = Thread { [self] in
            signals.wait()
            stopping()
            stop()
        }
        guard let waiting else { throw .noThread }
        waiting.detach()
        return run()
    }
}
