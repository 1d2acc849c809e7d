import CSystem

/// SIGTERM and SIGINT, waited for instead of dying of them. To be made before there are threads, which inherit it.
public struct TerminationSignals: Sendable {
    private let signals: sigset_t

    public init() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        self.signals = signals
    }

    public func wait() {
        var signals = signals
        var received: Int32 = 0
        sigwait(&signals, &received)
    }
}
