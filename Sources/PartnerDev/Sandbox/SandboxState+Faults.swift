import PartnerCore

/// What goes wrong instead of, before or after the handling of a call.
enum Fault: Sendable {
    /// This answer, and no effect.
    case answer(Response)
    /// The handling, after so many milliseconds.
    case delay(Int)
    /// No answer for so many milliseconds, then the connection closes; no effect.
    case silence(Int)
    /// RST; no effect.
    case reset
    /// The effect, no answer for so many milliseconds, then the connection closes.
    case drop(Int)
    /// The handling, and its answer altered.
    case page(PageFault)
}

struct QueuedFault: Sendable {
    /// An endpoint's name, `ownli` or `ownerrez` for any of theirs, or `*` for any call.
    let route: String
    let fault: Fault
    /// Of OwnerRez's accounts the only one that is meant.
    let account: Int?
    /// When it is over, by OwnerRez's clock; until then it happens any number of times.
    let until: Timestamp?
    var times: Int

    func isMeant(for name: String?, _ account: Int?) -> Bool {
        guard self.account == nil || self.account == account else { return false }
        return isMeant(for: name)
    }

    private func isMeant(for name: String?) -> Bool {
        switch route {
        case "*": true
        case "ownli": name.map { !Self.isOwnerRez($0) } ?? false
        case "ownerrez": name.map { Self.isOwnerRez($0) } ?? false
        default: route == name
        }
    }

    private static func isOwnerRez(_ name: String) -> Bool { OwnerRezDouble.endpoints.contains { $0.name == name } }
}

extension SandboxState {
    /// `POST /_sandbox/faults`
    mutating func queueFault(_ request: Request) throws(SandboxError) -> Response {
        let parameters = try Parameters(
            body: request,
            allowed: [
                "route", "fault", "times", "seconds", "account", "status", "headers", "body", "contentType",
                "milliseconds", "next", "without", "row",
            ])
        let route = try parameters.text("route")
        guard ["*", "ownli", "ownerrez"].contains(route) || Endpoint.all.contains(where: { $0.name == route }) else {
            throw .invalid("There is no route \(route)")
        }
        let times = try parameters.number("times", default: 1, in: 1...1_000_000)
        var until: Timestamp?
        if parameters.value("seconds") != nil {
            until = ownerRez.now.adding(seconds: try parameters.number("seconds", default: nil, in: 1...86_400))
        }
        var account: Int?
        if parameters.value("account") != nil {
            account = try parameters.number("account", default: nil, in: 1...Int.max)
        }
        faults.append(
            QueuedFault(route: route, fault: try Fault(parameters), account: account, until: until, times: times))
        return .json(200, ["queued": .integer(faults.count)])
    }

    /// The first fault in the queue that is meant for a call; it is used up.
    mutating func nextFault(for route: String?, of account: Int?) -> Fault? {
        let now = ownerRez.now
        faults.removeAll { $0.until.map { $0 <= now } ?? false }
        guard let index = faults.firstIndex(where: { $0.isMeant(for: route, account) }) else { return nil }
        let fault = faults[index].fault
        guard faults[index].until == nil else { return fault }
        faults[index].times -= 1
        if faults[index].times == 0 { faults.remove(at: index) }
        return fault
    }
}

extension Fault {
    private static let hugeBytes = 10_000_000

    init(_ parameters: Parameters) throws(SandboxError) {
        switch try parameters.text("fault") {
        case "status":
            let status = try parameters.number("status", default: nil, in: 200...599)
            self = .answer(try Self.answer(status, parameters, contentType: nil))
        case "answer": self = .answer(try Self.answer(200, parameters, contentType: "application/json"))
        case "delay": self = .delay(try parameters.number("milliseconds", default: nil, in: 0...600_000))
        case "silence": self = .silence(try parameters.number("milliseconds", default: 60_000, in: 0...600_000))
        case "reset": self = .reset
        case "drop": self = .drop(try parameters.number("milliseconds", default: 0, in: 0...600_000))
        case "garbage":
            self = .answer(
                Response(
                    status: 200, headers: ["Content-Type": "text/html"],
                    body: Array("<!doctype html><title>Welcome</title><p>Not what you asked for.".utf8)))
        case "huge":
            let filler = [UInt8](repeating: UInt8(ascii: "x"), count: Self.hugeBytes)
            self = .answer(.json(200, ["filler": .string(String(decoding: filler, as: UTF8.self))]))
        case "page": self = .page(try PageFault(parameters))
        case "redirect": self = .answer(Response(status: 302, headers: ["Location": "/elsewhere"]))
        default: throw .invalid("There is no such fault")
        }
    }

    private static func answer(
        _ status: Int, _ parameters: Parameters, contentType: String?
    ) throws(SandboxError) -> Response {
        var headers = Headers()
        if let type = try parameters.optionalText("contentType") ?? contentType { headers.add("Content-Type", type) }
        for member in parameters.value("headers")?.members ?? [] {
            guard let value = member.value.string else { throw .invalid("headers must be strings") }
            headers.add(member.name, value)
        }
        let body = try parameters.optionalText("body") ?? ""
        return Response(status: status, headers: headers, body: Array(body.utf8))
    }
}
