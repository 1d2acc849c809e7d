import CSystem
import Foundation
import PartnerCore

/// A whole world on one machine: the partners' doubles, the functions as Lambda runs them, the gateway and the queue
/// before them, and a page that shows it all.
final class Development: Sendable {
    let origin: String
    let wire = Wire()
    let issuer: DevelopmentIssuer
    let sandbox = Sandbox()
    let template: Template
    let invocations: Invocations
    let queues: [MessageQueue]
    let events = EventStream()
    let schedules: Schedules
    let backOffice: BackOffice
    private let gateway: Gateway
    private let store: TemporaryStore
    private let settings: DevelopmentSettings

    /// - Parameters:
    ///   - port: of the page and the gateway.
    ///   - root: the repository, with its template.
    ///   - only: the one partner of whom functions get settings; nil: both.
    init(
        port: Int, root: String, template: Template, only: Partner?, console: Console
    ) throws(HTTPServerError) {
        origin = "http://127.0.0.1:\(port)"
        self.template = template
        issuer = DevelopmentIssuer(issuer: origin + "/_dev/issuer")
        gateway = Gateway(template, issuer: issuer)
        store = TemporaryStore()
        let browserDoor = Door(caller: "Browser", wire: wire, upstream: sandbox.reply)
        let browserServer = try HTTPServer(port: 0, now: { [sandbox] in sandbox.now }) { browserDoor.reply(to: $0) }
        start { browserServer.run() }
        settings = DevelopmentSettings(
            origin: origin, browserSandboxURL: "http://127.0.0.1:\(browserServer.port)", storePath: store.path,
            eventSecret: events.secret, only: only)
        settings.register(at: sandbox)
        var hosts: [String: FunctionHost] = [:]
        for function in template.functions {
            let api = RuntimeAPI(timeoutSeconds: template.timeoutSeconds)
            let upstream = { @Sendable [sandbox, events] (request: Request) -> HTTPServer.Reply in
                request.path == EventStream.path ? events.reply(to: request) : sandbox.reply(to: request)
            }
            let door = Door(caller: function.name, wire: wire, upstream: upstream) { api.cause }
            let server = try HTTPServer(port: 0, now: { [sandbox] in sandbox.now }) { request in
                // What a function makes ready before its first invocation is no part of the picture: nobody has caused it.
                api.cause == nil ? .close : door.reply(to: request)
            }
            start { server.run() }
            hosts[function.name] = FunctionHost(
                function, api: api, root: root,
                settings: settings.environment(sandboxURL: "http://127.0.0.1:\(server.port)"), console: console)
        }
        let invocations = Invocations(hosts: hosts, wire: wire, console: console)
        self.invocations = invocations
        schedules = Schedules(template.functions) { function, what, event, cause in
            _ = invocations.invoke(function, by: "Schedule", what, event, cause: cause)
        }
        backOffice = BackOffice(invocations: invocations, schedules: schedules)
        queues = template.functions.compactMap { function in
            function.queue.map { queue in
                MessageQueue(queue) { batch in
                    let outcome = invocations.invoke(
                        function.name, by: queue.name, batch.path, batch.body, cause: nil)
                    guard case .answer(let bytes) = outcome else { return nil }
                    return try? JSON.parse(bytes)
                }
            }
        }
    }

    /// Replaces what was built anew; to be called now and then.
    func lookForBuilds() {
        for host in invocations.hosts.values { host.replaceIfBuilt() }
    }

    /// As if nobody had ever opted in.
    func startOver() {
        for host in invocations.hosts.values { host.suspend() }
        for queue in queues { queue.forget() }
        store.empty()
        events.forget()
        _ = sandbox.reply(to: Request(method: "POST", path: "/_sandbox/reset"))
        settings.register(at: sandbox)
        wire.forget()
        for host in invocations.hosts.values { host.resume() }
    }

    func stop() {
        schedules.stop()
        for queue in queues { queue.stop() }
        sandbox.stop()
        for host in invocations.hosts.values { host.stop() }
        store.remove()
    }

    /// The gateway's own answer, each step of which is on the wire.
    func pass(_ request: Request) -> Response {
        let isPerson = issuer.claims(of: request) != nil
        let started = wire.begin(Self.caller(of: request), "Gateway", request, scope: isPerson ? "person" : nil)
        let response = gateway.respond(to: request) { function, route, event in
            switch invocations.invoke(function, by: "Gateway", route.key, event, cause: started.number) {
            case .answer(let bytes): .answer(bytes)
            case .failure, .ended: .failed
            case .timedOut: .timedOut
            }
        }
        wire.end(started, response)
        return response
    }

    /// The page's script is the app. A browser that goes somewhere says so (Fetch Metadata).
    private static func caller(of request: Request) -> String {
        guard !request.path.hasPrefix("/webhooks/ownerrez") else { return "OwnerRez" }
        return switch request.headers["Sec-Fetch-Mode"] {
        case "navigate": "Browser"
        case .some: "App"
        case nil: request.headers["User-Agent"].map { String($0.prefix { $0 != "/" && $0 != " " }) } ?? "Client"
        }
    }
}

/// A store that begins empty, as the sandbox does, and is gone afterwards. It is there before the functions are: the
/// operator's tool makes none.
struct TemporaryStore: Sendable {
    private let directory: String

    var path: String { directory + "/partner.sqlite" }

    init() {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("partner-dev-\(newID())")
        directory = url.path
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        make()
    }

    func empty() {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        make()
    }

    /// Where that fails, the functions say why.
    private func make() { _ = try? SQLiteStore(path: path) }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}
