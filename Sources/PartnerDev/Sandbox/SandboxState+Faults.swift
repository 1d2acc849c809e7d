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
}

struct QueuedFault: Sendable {
    /// An endpoint's name, `ownli` or `ownerrez` for any of theirs, or `*` for any call.
    let route: String
    let fault: Fault
    var times: Int

    func isMeant(for name: String?) -> Bool {
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
            allowed: ["route", "fault", "times", "status", "headers", "body", "contentType", "milliseconds"])
        let route = try parameters.text("route")
        guard ["*", "ownli", "ownerrez"].contains(route) || Endpoint.all.contains(where: { $0.name == route }) else {
            throw .invalid("There is no route \(route)")
        }
        let times = try parameters.number("times", default: 1, in: 1...1_000_000)
        faults.append(QueuedFault(route: route, fault: try Fault(parameters), times: times))
        return .json(200, ["queued": .integer(faults.count)])
    }

    /// The first fault in the queue that is meant for a call; it is used up.
    mutating func nextFault(for route: String?) -> Fault? {
        guard let index = faults.firstIndex(where: { $0.isMeant(for: route) }) else { return nil }
        let fault = faults[index].fault
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
