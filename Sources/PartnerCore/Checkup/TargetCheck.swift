/// Whether what OwnerRez's events go on to is there, as far as it can be asked without an event.
struct TargetCheck: Sendable {
    private let location: EventTarget.Location
    private let sqs: AWSClient?
    private let certificate: CertificateCheck

    init(reading settings: inout SettingsReader) {
        location = EventTarget.location(reading: &settings)
        if case .queue = location { sqs = AWSClient(.sqs, reading: &settings) } else { sqs = nil }
        certificate = CertificateCheck(reading: &settings)
    }

    func findings(in work: LongWork) -> [Finding] {
        let what = "events' target"
        func named(_ found: String) -> [Finding] { [Finding(.ok, what, found)] }
        switch location {
        case .store: return named("the store itself")
        case .queue(let url):
            guard let queue = sqs.map({ MessageQueue(url: url, $0) }) else { return [] }
            return [
                queue.finding(what, by: "EVENTS_TARGET", in: work.step()) {
                    Finding(.ok, what, "\($0) in \(queue.name)")
                }
            ]
        case .bus: return named("a bus, which is told nothing but events")
        case .topic: return named("a topic, which is told nothing but events")
        case .receiver(let url):
            return named("a server, which is sent nothing but events")
                + certificate.findings("target's certificate", of: url, in: work)
        }
    }
}
