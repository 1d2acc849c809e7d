import Foundation
import PartnerCore

/// What tests and demonstrations ask of OwnerRez's double, below /_sandbox/ownerrez.
extension SandboxState {
    mutating func controlOwnerRez(_ request: Request, _ sender: WebhookSender) throws(SandboxError) -> Response {
        switch (request.method, request.path.dropFirst("/_sandbox/ownerrez".count)) {
        case ("GET", ""): return .json(200, books(sender))
        case ("PUT", "/app"): try setApp(request)
        case ("PUT", "/webhook"): sender.set(try webhookTarget(request))
        case ("POST", "/tokens"): return try letIn(request)
        case ("POST", "/events"): ownerRez.outbox += try eventsToSend(request)
        case ("POST", "/revocations"): ownerRez.outbox += try revokeAccount(request)
        case ("POST", "/changes"): return try change(request)
        case ("GET", "/changes"): return .json(200, ["changes": .array(ownerRez.changes.map { json($0) })])
        case ("GET", "/records"): return .json(200, try records(request))
        case ("GET", "/subscriptions"): return .json(200, subscriptions)
        case ("POST", "/silence"): try silence(request)
        case ("GET", "/requests"): return .json(200, requests)
        case ("DELETE", "/requests"):
            ownerRez.requests = [:]
            ownerRez.rate.forgetRefused()
        default: throw SandboxError(404, "NOT_FOUND", "The sandbox has no such control")
        }
        return Response(status: 204)
    }

    private func books(_ sender: WebhookSender) -> JSON {
        var json = sender.json
        let now = ownerRez.now
        json.add("codes", .integer(ownerRez.codes.count))
        json.add("tokens", .integer(ownerRez.tokens.values.count { $0.isAlive(at: now) }))
        json.add("policy", .string(ownerRez.policy.rawValue))
        json.add("redirect_uri", .string(ownerRez.redirectURI))
        json.add("issued", .array(ownerRez.issued.map { .string($0) }))
        return json
    }

    /// `PUT /_sandbox/ownerrez/webhook`
    private func webhookTarget(_ request: Request) throws(SandboxError) -> WebhookSender.Target {
        let parameters = try Parameters(body: request, allowed: ["url", "user", "password", "answer_seconds"])
        return WebhookSender.Target(
            url: try parameters.text("url"), user: try parameters.text("user"),
            password: try parameters.text("password"),
            answerMilliseconds: try parameters.number("answer_seconds", default: 2, in: 1...60) * 1000)
    }

    /// `POST /_sandbox/ownerrez/tokens` `{"user_id":347482730}`: as if the person had let the app in. An account that
    /// is not known is made.
    private mutating func letIn(_ request: Request) throws(SandboxError) -> Response {
        let parameters = try Parameters(body: request, allowed: ["user_id"])
        let id = try parameters.number("user_id", default: nil, in: 1...Int.max)
        let known = OwnerRezDouble.accounts.first { $0.id == id }
        if known == nil, ownerRez.records(id, .property).isEmpty { ownerRez.furnish(id) }
        return ownerRez.newTokens(for: known ?? OwnerRezDouble.Account(id: id, name: "Account \(id)"))
    }

    /// `POST /_sandbox/ownerrez/events`: events as they are to be sent, each so many times, in this order or the
    /// reverse.
    private func eventsToSend(_ request: Request) throws(SandboxError) -> [OutgoingWebhook] {
        let parameters = try Parameters(body: request, allowed: ["events", "copies", "reversed"])
        guard let events = parameters.value("events")?.array, events.allSatisfy({ $0.members != nil }) else {
            throw .invalid("events must be an array of objects")
        }
        let copies = try parameters.number("copies", default: 1, in: 1...100)
        let all = events.flatMap { Array(repeating: OutgoingWebhook(url: nil, event: $0), count: copies) }
        return try parameters.optionalBool("reversed") == true ? all.reversed() : all
    }

    /// `POST /_sandbox/ownerrez/revocations`: the person ends the connection at OwnerRez. Their tokens die.
    ///
    /// - Returns: the event that tells of it, in the guide's form or in the newer one.
    private mutating func revokeAccount(_ request: Request) throws(SandboxError) -> [OutgoingWebhook] {
        let parameters = try Parameters(body: request, allowed: ["user_id", "form"])
        guard let id = parameters.value("user_id")?.integer else { throw .invalid("user_id must be a number") }
        var event: JSON = ["action": "application_authorization_revoked", "user_id": .integer(id)]
        switch try parameters.optionalText("form") ?? "guide" {
        case "guide": break
        case "newer":
            event.add("id", .string(UUID().uuidString.lowercased()))
            event.add("entity_type", "api_application")
            event.add("entity_id", 12345)
        default: throw .invalid("form must be guide or newer")
        }
        ownerRez.tokens = ownerRez.tokens.filter { $0.value.account.id != id }
        return ownerRez.isLosing ? [] : [OutgoingWebhook(url: nil, event: event)]
    }

    /// `POST /_sandbox/ownerrez/changes`
    private mutating func change(_ request: Request) throws(SandboxError) -> Response {
        let order = try ChangeOrder(request)
        guard order.route == nil else {
            ownerRez.later.append(order)
            return .json(200, ["changes": []])
        }
        guard let done = ownerRez.perform(order) else { throw .invalid("There is no such record") }
        let changes = done.map { json($0) }
        return .json(200, ["changes": .array(changes)])
    }

    private func json(_ change: OwnerRezChange) -> JSON {
        [
            "user_id": .integer(change.account), "action": .string(change.action.rawValue),
            "type": .string(change.record.kind.rawValue), "id": .integer(change.record.id),
            "time": .string(OwnerRezRecord.TimeForm.ticks.text(change.ticks)),
            "row": change.record.row(ownerRez.timeForm), "event": change.event ?? .null,
        ]
    }

    /// `GET /_sandbox/ownerrez/records?user_id=..`: what the account has, by its lists' names.
    private func records(_ request: Request) throws(SandboxError) -> JSON {
        let parameters = try request.queryParameters(allowed: ["user_id"])
        guard let id = parameters["user_id"].flatMap({ Int($0) }) else { throw .invalid("user_id must be a number") }
        return .object(
            OwnerRezKind.allCases.map { kind in
                JSON.Member(kind.list, .array(ownerRez.records(id, kind).map { $0.row(ownerRez.timeForm) }))
            })
    }

    private var subscriptions: JSON {
        let all = ownerRez.subscriptions.map { subscription -> JSON in
            var json = subscription.json(ownerRez.spelling)
            json.add("user_id", .integer(subscription.account))
            json.add("silent", .bool(subscription.isSilent))
            return json
        }
        return ["subscriptions": .array(all)]
    }

    /// `POST /_sandbox/ownerrez/silence` `{"user_id":347482730}`: nothing comes by the subscriptions that there are.
    /// They are listed as ever, and those that are made anew work.
    private mutating func silence(_ request: Request) throws(SandboxError) {
        let id = try Parameters(body: request, allowed: ["user_id"]).number("user_id", default: nil, in: 1...Int.max)
        for index in ownerRez.subscriptions.indices where ownerRez.subscriptions[index].account == id {
            ownerRez.subscriptions[index].isSilent = true
        }
    }

    /// How many requests each account's tokens came with, by route, and how many were too many.
    private var requests: JSON {
        let accounts = ownerRez.requests.sorted { $0.key < $1.key }.map { account, routes -> JSON.Member in
            let counts = routes.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .integer($0.value)) }
            return JSON.Member("\(account)", .object(counts))
        }
        return ["accounts": .object(accounts), "refused": .integer(ownerRez.rate.refused)]
    }
}
