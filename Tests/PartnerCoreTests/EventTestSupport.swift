import Testing

@testable import PartnerCore

/// A function that takes HTTP only.
let httpOnly = About(name: "token-relay", summary: "")
/// A function that takes messages and direct input too.
let takingMessages = About(name: "reward-grant", summary: "", directInputHas: ["clientReference"])

func json(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)) }

func httpEvent(_ text: String, for about: About = httpOnly) throws -> HTTPEvent {
    guard case .http(let event) = try Event(decoding: json(text), for: about) else { throw NotHTTP() }
    return event
}

/// The request in an event, or its refusal.
func request(_ text: String) throws -> Request { try httpEvent(text).request.get() }

/// Who that is; nil when the caller is refused as nobody.
func callerByGateway(_ identity: GatewayIdentity?, subjectClaim: String = "sub") throws -> Caller? {
    guard let identity else { return nil }
    do throws(TokenError) { return try CallerRules(subjectClaim: subjectClaim).caller(identity) } catch { return nil }
}

struct NotHTTP: Error {}

/// A fixture's text: `token-relay/http-api`.
func fixture(_ name: String, file: String = #filePath) throws -> String {
    let tests = file.split(separator: "/").dropLast(2).joined(separator: "/")
    return try String(decoding: readFile("/\(tests)/Fixtures/\(name).json"), as: UTF8.self)
}
