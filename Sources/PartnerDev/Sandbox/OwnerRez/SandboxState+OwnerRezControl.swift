import Foundation
import PartnerCore

/// What tests and demonstrations ask of OwnerRez's double, below /_sandbox/ownerrez.
extension SandboxState {
    func ownerRezControl(_ sender: WebhookSender) -> JSON {
        var json = sender.json
        json.add("codes", .integer(ownerRez.codes.count))
        json.add("tokens", .integer(ownerRez.tokens.values.count { $0.isAlive }))
        json.add("policy", .string(ownerRez.policy.rawValue))
        json.add("redirect_uri", .string(ownerRez.redirectURI))
        json.add("issued", .array(ownerRez.issued.map { .string($0) }))
        return json
    }

    /// `PUT /_sandbox/ownerrez/app`
    mutating func setApp(_ request: Request) throws(SandboxError) {
        let parameters = try Parameters(
            body: request,
            allowed: ["redirect_uri", "policy", "code_seconds", "token_seconds", "status_without_user_agent"])
        var changed = ownerRez
        if let uri = try parameters.optionalText("redirect_uri") { changed.redirectURI = uri }
        if let policy = try parameters.optionalText("policy") {
            guard let policy = OwnerRezDouble.TokenPolicy(rawValue: policy) else {
                throw .invalid("policy must be none or standard")
            }
            changed.policy = policy
        }
        changed.codeSeconds = try parameters.number("code_seconds", default: changed.codeSeconds, in: 0...600)
        changed.tokenSeconds = try parameters.number(
            "token_seconds", default: changed.tokenSeconds, in: 0...2_592_000)
        let status = try parameters.number(
            "status_without_user_agent", default: changed.statusWithoutUserAgent, in: 401...403)
        guard status != 402 else { throw .invalid("status_without_user_agent must be 401 or 403") }
        changed.statusWithoutUserAgent = status
        ownerRez = changed
    }

    /// `PUT /_sandbox/ownerrez/webhook`
    func webhookTarget(_ request: Request) throws(SandboxError) -> WebhookSender.Target {
        let parameters = try Parameters(body: request, allowed: ["url", "user", "password", "answer_seconds"])
        return WebhookSender.Target(
            url: try parameters.text("url"), user: try parameters.text("user"),
            password: try parameters.text("password"),
            answerMilliseconds: try parameters.number("answer_seconds", default: 2, in: 1...60) * 1000)
    }

    /// `POST /_sandbox/ownerrez/events`: events as they are to be sent, each so many times, in this order or the reverse.
    func eventsToSend(_ request: Request) throws(SandboxError) -> [JSON] {
        let parameters = try Parameters(body: request, allowed: ["events", "copies", "reversed"])
        guard let events = parameters.value("events")?.array, events.allSatisfy({ $0.members != nil }) else {
            throw .invalid("events must be an array of objects")
        }
        let copies = try parameters.number("copies", default: 1, in: 1...100)
        let all = events.flatMap { Array(repeating: $0, count: copies) }
        return try parameters.optionalBool("reversed") == true ? all.reversed() : all
    }

    /// `POST /_sandbox/ownerrez/revocations`: the person ends the connection at OwnerRez. Their tokens die.
    ///
    /// - Returns: the event that says so, in the guide's form, or in the newer one.
    mutating func revokeAccount(_ request: Request) throws(SandboxError) -> JSON {
        let parameters = try Parameters(body: request, allowed: ["user_id", "form"])
        guard let id = parameters.value("user_id")?.integer else { throw .invalid("user_id must be a number") }
        ownerRez.tokens = ownerRez.tokens.filter { $0.value.account.id != id }
        var event: JSON = ["action": "application_authorization_revoked", "user_id": .integer(id)]
        switch try parameters.optionalText("form") ?? "guide" {
        case "guide": break
        case "newer":
            event.add("id", .string(UUID().uuidString.lowercased()))
            event.add("entity_type", "api_application")
            event.add("entity_id", 12345)
        default: throw .invalid("form must be guide or newer")
        }
        return event
    }
}
