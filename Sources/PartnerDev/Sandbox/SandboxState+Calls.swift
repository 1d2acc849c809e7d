import PartnerCore

/// A call as it came, for tests that ask what was sent.
struct Call: Sendable {
    let number: Int
    let request: Request
    let route: String?
    let scope: Token.Scope?
    /// The status of the answer, or the name of the fault that there was instead of one; null while there is none yet.
    var outcome: JSON = .null

    var json: JSON {
        let headers = request.headers.fields.map { JSON.Member($0.name.lowercased(), .string($0.value)) }
        return [
            "method": .string(request.method), "path": .string(request.path), "query": .string(request.query),
            "route": .text(route), "scope": .text(scope?.rawValue), "status": outcome,
            "body": .string(String(decoding: request.body, as: UTF8.self)), "headers": .object(headers),
        ]
    }
}

extension SandboxState {
    /// - Returns: the call's number, by which it is finished.
    mutating func record(_ request: Request, route: String?) -> Int {
        callsSoFar += 1
        calls.append(Call(number: callsSoFar, request: request, route: route, scope: bearerScope(request)))
        return callsSoFar
    }

    mutating func finish(_ number: Int, _ outcome: JSON) {
        guard let index = calls.lastIndex(where: { $0.number == number }) else { return }
        calls[index].outcome = outcome
    }
}
