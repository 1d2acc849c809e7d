/// Tells AWS X-Ray what an invocation did: its daemon, which Lambda runs beside the function, takes a document over UDP.
/// Nobody waits for that, and nothing fails with it.
struct XRay: Sendable {
    /// What the function is called in a trace.
    let service: String
    private let daemon: Datagrams

    /// Before each document ("Sending segment documents to the X-Ray daemon").
    private static let head = Array((#"{"format":"json","version":1}"# + "\n").utf8)

    init(service: String, daemon: Datagrams) {
        self.service = service
        self.daemon = daemon
    }

    /// - Parameter parent: Lambda's own segment of the invocation.
    func write(_ invocation: Invocation, under parent: Trace) {
        guard invocation.recordsSpans else { return }
        let epoch = Timestamp.now().epochMilliseconds * 1000 - Instant.now().nanoseconds / 1000
        guard let document = document(of: invocation, under: parent, epoch: epoch) else { return }
        daemon.send(Self.head + document)
    }
}

extension XRay {
    /// Nil when traces are not followed.
    init?(reading settings: inout SettingsReader, for about: About) {
        guard settings.followsTraces() || settings.isDescribing else { return nil }
        let peer = settings.value(
            "AWS_XRAY_DAEMON_ADDRESS", default: "127.0.0.1:2000", placeholder: nil as Datagrams.Peer?,
            expected: "ADDRESS:PORT", "where X-Ray's daemon listens; Lambda sets it"
        ) { Datagrams.Peer($0).map { .some($0) } }
        guard let peer else { return nil }
        self.init(service: about.name, daemon: Datagrams(to: peer))
    }
}

extension SettingsReader {
    mutating func followsTraces() -> Bool {
        choice(
            "TRACING", default: "off", [("off", false), ("on", true)],
            "on: upstreams are told of the trace (traceparent), and on Lambda X-Ray of what was done in it")
    }
}
