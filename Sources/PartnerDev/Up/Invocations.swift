import Foundation
import PartnerCore

/// Invokes functions for whoever calls them here, and tells of it: on the wire, and in a line for the developer.
struct Invocations: Sendable {
    let hosts: [String: FunctionHost]
    let wire: Wire
    let console: Console

    /// - Parameters:
    ///   - what: what the developer is shown: a route, or how many messages.
    ///   - cause: the call that it is made for.
    func invoke(
        _ function: String, by caller: String, _ what: String, _ event: [UInt8], cause: Int?
    ) -> RuntimeAPI.Outcome {
        let request = Request(
            method: "Invoke", path: what, headers: ["Content-Type": "application/json"], body: event)
        let started = wire.begin(caller, function, request, cause: cause)
        guard let host = hosts[function] else { return .ended }
        let invoked = host.invoke(event, cause: started.number)
        let said = Said(invoked)
        wire.end(started, said.response, note: said.note, invoked: invoked)
        console.line(function, "\(what) -> \(said.text), \(figures(invoked))", said.isFine ? .notice : .problem)
        return invoked.outcome
    }

    /// `3.21 ms, 2.8 MB, cold start`
    private func figures(_ invoked: FunctionHost.Invoked) -> String {
        var figures = [String(format: "%.2f ms", Double(invoked.microseconds) / 1000)]
        if let memory = invoked.peakMemoryKiB { figures.append(String(format: "%.1f MB", Double(memory) / 1024)) }
        if invoked.isColdStart { figures.append("cold start") }
        return figures.joined(separator: ", ")
    }

    /// What is shown of an outcome.
    private struct Said {
        let response: Response?
        let note: String?
        let isFine: Bool

        var text: String { note ?? response.map { "\($0.status)" } ?? "no answer" }

        init(_ invoked: FunctionHost.Invoked) {
            switch invoked.outcome {
            case .answer(let bytes):
                let answer = try? JSON.parse(bytes, duplicates: .lastWins)
                let failures = answer?["batchItemFailures"]?.array?.count
                let status = answer?["statusCode"]?.integer ?? 200
                response = Response(status: status, headers: ["Content-Type": "application/json"], body: bytes)
                note = failures.map { $0 == 0 ? "all done" : "\($0) failed" }
                isFine = status < 500 && failures ?? 0 == 0
            case .failure(let bytes):
                response = Response(status: 500, headers: ["Content-Type": "application/json"], body: bytes)
                note = "the invocation failed"
                isFine = false
            case .ended, .timedOut:
                response = nil
                note = invoked.note
                isFine = false
            }
        }
    }
}
