@testable import PartnerCore

/// An event's text, in any of the shapes; and an answer to it.
enum EventFuzz {
    private static let about = About(name: "fuzz", summary: "", directInputHas: ["clientReference"])

    static func run(_ input: [UInt8]) {
        guard let json = try? JSON.parse(input) else { return }
        checkText(json)
        checkMembers(json)
        if let message = try? PubSubMessage(push: json) {
            hold(
                isSame(Base64.encode(message.data), json["message"]?["data"]?.string), "pushed data is what was pushed")
        }
        switch try? Event(decoding: json, for: about) {
        case .http(let event): check(event, json)
        case .batch(let messages): check(messages, json)
        case .input(let value, from: _):
            let notification = json["Records"]?.array?.first?["Sns"]
            hold(
                value == json || value == json["detail"] || value == notification, "direct input is what came")
            _ = try? Envelope.open(value, for: about)
        case .inputs(let values): hold(JSON.array(values) == json, "an array's elements are what came")
        case nil: break
        }
    }

    private static func checkText(_ json: JSON) {
        let text = json.text
        guard let read = try? JSON.parse(text) else { fatalError("not true: what is written can be read") }
        hold(read == json && read.text == text, "what is written is read as the same")
    }

    private static func checkMembers(_ json: JSON) {
        for name in ["routeKey", "httpMethod", "requestContext", "Records", "clientReference"] {
            let member = json.members?.first { isSame($0.name, name) }
            hold(json[name] == member?.value, "a member is found by its name, and not by one that looks the same")
        }
    }

    private static func check(_ messages: [Message], _ json: JSON) {
        hold(messages.count == (json["Records"] ?? json).array?.count, "no message is lost")
        let lines = Message.lines(messages)
        hold(lines.flatMap { $0 }.sorted() == Array(messages.indices), "every message is in one line")
        for message in messages {
            if let body = try? JSON.parse(Array(message.body.utf8)) { _ = try? Envelope.open(body, for: about) }
        }
        let ids = messages.map { $0.id }
        hold(ids.allSatisfy { !$0.isEmpty }, "every message has its id")
        let answer = try? JSON.parse(Event.batchAnswer(failures: ids).text)
        let failures = answer?["batchItemFailures"]?.array ?? []
        hold(
            failures.elementsEqual(ids) { isSame($0["itemIdentifier"]?.string, $1) },
            "every message that failed goes back")
    }

    private static func check(_ event: HTTPEvent, _ json: JSON) {
        guard case .success(let request) = event.request else {
            hold(
                json["body"]?.present != nil || json.text.contains(UInt8(ascii: "\\")),
                "only a body, or what has to be escaped, can make a request that is none")
            return
        }
        check(request, of: event, json)
        check(answer(to: request), of: event)
    }

    private static func check(_ request: Request, of event: HTTPEvent, _ json: JSON) {
        let body = json["isBase64Encoded"] == true ? Base64.encode(request.body) : nil
        if let body {
            hold(isSame(body, json["body"]?.string ?? ""), "a body is what was encoded")
        } else {
            hold(request.body.elementsEqual((json["body"]?.string ?? "").utf8), "a body is the text that came")
        }
        let path = json[event.shape == .payload2 ? "rawPath" : "path"]?.string ?? ""
        hold(
            request.path == "/" || path.utf8.reversed().starts(with: request.path.utf8.reversed()),
            "a path loses no end")
        guard let identity = request.identity else { return }
        switch try? CallerRules().caller(identity) {
        case .person(let person): hold(!person.subject.isEmpty, "a person has a subject")
        case .service(let name): hold(!name.isEmpty, "a service has a name")
        case nil: break
        }
        hold(!event.shape.isLoadBalancer, "a load balancer verifies nobody")
        let context = json["requestContext"]
        hold(context?["authorizer"]?.present != nil || context?["identity"] != nil, "it is in the context")
    }

    /// With what the request had, and two cookies.
    private static func answer(to request: Request) -> Response {
        var headers = request.headers
        headers.add("Set-Cookie", "a=1")
        headers.add("set-cookie", "b=2")
        return Response(status: 200, headers: headers, body: request.body)
    }

    private static func check(_ response: Response, of event: HTTPEvent) {
        let answer = event.encode(response)
        guard let read = try? JSON.parse(answer.text) else { fatalError("not true: an answer is JSON") }
        hold(read == answer, "an answer's names are all different")
        let text = String(decoding: response.body, as: UTF8.self)
        hold(isSame(read["body"]?.string, text), "an answer has its body")
        let multiple = read["multiValueHeaders"]?.members ?? []
        let single = read["headers"]?.members ?? []
        let cookies =
            (read["cookies"]?.array ?? [])
            + multiple.filter { equalIgnoringASCIICase($0.name, "Set-Cookie") }.flatMap { $0.value.array ?? [] }
            + single.filter { equalIgnoringASCIICase($0.name, "Set-Cookie") }.map { $0.value }
        hold(
            cookies.elementsEqual(response.headers.all("Set-Cookie")) { isSame($0.string, $1) },
            "every cookie stays one")
        for field in response.headers.fields {
            hold(
                (multiple + single).contains { equalIgnoringASCIICase($0.name, field.name) }
                    || equalIgnoringASCIICase(field.name, "Set-Cookie"), "no header is lost")
        }
    }
}
