import Foundation
import PartnerCore

/// What the one port of `partner-dev up` answers: the page, what the page asks for, Ownli as the app reaches it, the
/// sandbox's controls, and for everything else the gateway.
struct DevelopmentServer: Sendable {
    private static let ownliPrefix = "/_ownli"

    let development: Development
    private let ownli: Door

    init(_ development: Development) {
        self.development = development
        ownli = Door(caller: "App", wire: development.wire, upstream: development.sandbox.reply)
    }

    func reply(to request: Request) -> HTTPServer.Reply {
        let authority = String(development.origin.dropFirst("http://".count))
        let port = authority.split(separator: ":")[1]
        switch request.headers["Host"] {
        case authority: break
        // Cookies and redirects know one name only.
        case "localhost:\(port)" where request.path == "/":
            return .response(Response(status: 302, headers: ["Location": development.origin + "/"]))
        case "localhost:\(port)": break
        // Somebody else's name that leads here, so that a page of theirs can read what is here (DNS rebinding).
        default: return .response(.gatewayMessage(421, "Misdirected Request"))
        }
        if let response = DemoPage.response(to: request) { return .response(response) }
        guard ["/_dev/", "/_sandbox/", Self.ownliPrefix + "/"].contains(where: { request.path.hasPrefix($0) }) else {
            return .response(development.pass(request))
        }
        // Any page may send what its browser does not ask about first. Only this machine's pages are let in.
        let cors = development.template.cors
        guard cors.admits(request) else { return .response(.gatewayMessage(403, "Forbidden")) }
        if request.path.hasPrefix("/_sandbox/") { return development.sandbox.reply(to: request) }
        if request.path.hasPrefix("/_dev/") {
            return .response(cors.preflight(request) ?? cors.open(control(request), to: request))
        }
        return ownli.reply(
            to: Request(
                method: request.method, path: String(request.path.dropFirst(Self.ownliPrefix.count)),
                query: request.query, headers: request.headers, body: request.body))
    }

    private func control(_ request: Request) -> Response {
        switch (request.method, request.path) {
        case ("GET", "/_dev/about"): .json(200, about)
        case ("GET", "/_dev/calls"): calls(request)
        case ("GET", "/_dev/openapi.json"): .json(200, APIDescription.json)
        case ("GET", "/_dev/openapi.yaml"):
            Response(status: 200, headers: ["Content-Type": "application/yaml"], body: APIDescription.yaml)
        case ("GET", "/_dev/issuer/.well-known/openid-configuration"): .json(200, development.issuer.configuration)
        case ("GET", "/_dev/issuer/jwks.json"): .json(200, development.issuer.keySet)
        case ("POST", "/_dev/sign-in"): signIn(request)
        case ("POST", "/_dev/purchases"): purchase(request)
        case ("GET", "/_dev/events"): .json(200, development.events.json)
        case ("POST", "/_dev/bookings"): bookings(request)
        case ("POST", "/_dev/upkeep"): upkeep(request)
        case ("POST", "/_dev/start-over"): startOver()
        default: .gatewayMessage(404, "Not Found")
        }
    }

    private var about: JSON {
        let users = DemoUser.all.map { user -> JSON in
            [
                "subject": .string(user.subject), "firstName": .string(user.firstName),
                "lastName": .string(user.lastName), "email": .string(user.email),
                "phone": user.phone.map { .string($0) } ?? .null,
            ]
        }
        let functions = development.template.functions.map { function -> JSON in
            [
                "name": .string(function.name), "routes": .array(function.routes.map { .string($0.key) }),
                "queue": function.queue.map { .string($0.name) } ?? .null,
                "schedules": .array(function.schedules.map { .integer($0.seconds) }),
            ]
        }
        return [
            "users": .array(users), "functions": .array(functions),
            "termsURL": .string(DevelopmentSettings.termsURL), "privacyURL": .string(DevelopmentSettings.privacyURL),
        ]
    }

    /// `GET /_dev/calls?after=REVISION`
    private func calls(_ request: Request) -> Response {
        let after = request.query.split(separator: "=").last.flatMap { Int($0) } ?? 0
        var changes = development.wire.changes(after: after)
        changes.add("queues", .array(development.queues.map { $0.json }))
        changes.add("events", .integer(development.events.count))
        return .json(200, changes)
    }

    /// `POST /_dev/sign-in` `{"user":"user-42"}`
    private func signIn(_ request: Request) -> Response {
        let subject = (try? JSON.parse(request.body))?["user"]?.string
        guard let user = DemoUser.all.first(where: { $0.subject == subject }) else {
            return .gatewayMessage(404, "There is no such demo user")
        }
        return .json(
            200,
            [
                "id_token": .string(development.issuer.token(for: user.claims)),
                "expires_in": .integer(DevelopmentIssuer.tokenLifetimeSeconds),
            ])
    }

    /// `POST /_dev/purchases`: the shop of the company takes an order of the signed-in user, and asks for the reward by
    /// the queue, as its servers would.
    private func purchase(_ request: Request) -> Response {
        let started = development.wire.begin("App", "Shop", request, scope: "person")
        let response = order(request, cause: started.number)
        development.wire.end(started, response)
        return response
    }

    /// `POST /_dev/bookings`: the company's server asks OwnerRez with the connection of the signed-in user.
    private func bookings(_ request: Request) -> Response {
        askBackOffice(request) { subject, cause in development.backOffice.bookings(of: subject, cause: cause) }
    }

    /// `POST /_dev/upkeep` `{"connection":"347482730"}`: what the schedules do, at once.
    private func upkeep(_ request: Request) -> Response {
        guard let connection = (try? JSON.parse(request.body))?["connection"]?.string else {
            return .gatewayMessage(400, "connection is missing")
        }
        return askBackOffice(request) { _, cause in
            development.backOffice.upkeep(of: connection, cause: cause)
        }
    }

    private func askBackOffice(_ request: Request, _ ask: (_ subject: String, _ cause: Int) -> JSON?) -> Response {
        guard let subject = development.issuer.claims(of: request)?["sub"]?.string else {
            return .gatewayMessage(401, "Unauthorized")
        }
        let started = development.wire.begin("App", BackOffice.name, request, scope: "person")
        let response =
            ask(subject, started.number).map { Response.json(200, $0) }
            ?? .gatewayMessage(502, "ownerrez-api gave no answer: the calls say why")
        development.wire.end(started, response)
        return response
    }

    private func order(_ request: Request, cause: Int) -> Response {
        guard let subject = development.issuer.claims(of: request)?["sub"] else {
            return .gatewayMessage(401, "Unauthorized")
        }
        guard let queue = development.queues.first else { return .gatewayMessage(503, "No function has a queue") }
        let order = "order-\(newID().prefix(8))"
        let message: JSON = [
            "internalUserId": subject, "amount": Cents(2510).dollars, "actionCode": "device-purchase",
            "clientReference": .string(order),
        ]
        let started = development.wire.begin(
            "Shop", queue.name,
            Request(
                method: "Send", path: "1 message", headers: ["Content-Type": "application/json"], body: message.text),
            cause: cause)
        let answer = Response.json(200, ["messageId": .string(queue.send(message))])
        development.wire.end(started, answer)
        return .json(202, ["order": .string(order)])
    }

    private func startOver() -> Response {
        development.startOver()
        return Response(status: 204)
    }
}
