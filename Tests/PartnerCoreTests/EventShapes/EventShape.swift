import Testing

@testable import PartnerCore

/// An event as a service sends it, with only what matters of it, and what it is taken for.
struct EventShape: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let outcome: Outcome

    init(_ name: String, _ text: String, _ outcome: Outcome) {
        self.name = name
        self.text = text
        self.outcome = outcome
    }

    var testDescription: String { name }

    enum Outcome: Sendable {
        /// `POST /a?b=c`, by whom; the headers that are asked for, with all their values.
        case request(String, by: Caller? = nil, headers: [String: [String]] = [:], body: String = "")
        /// Messages, and of each the `clientReference` of the order that it carries, if it carries one.
        case batch([String], carrying: [String?])
        /// An input that carries an order, or none that the function would find.
        case input(String?, from: Origin? = nil)
        case inputs([String?])
        /// What the error says after the function's name.
        case refused(String)
    }
}

/// An order of a reward. Whatever carries it for one of the ways that exist is opened; nothing else is.
let stayOrder = #"{"userId":"guest-7","amount":12.5,"actionCode":"stay","clientReference":"stay-81"}"#

/// As a string within JSON.
func quoted(_ text: String) -> String { String(decoding: JSON.string(text).text, as: UTF8.self) }

func base64(_ text: String) -> String { Base64.encode(Array(text.utf8)) }

/// The order's reference, as the function would find it in an input.
func reference(in input: JSON) -> String? {
    (try? Envelope.open(input, for: takingMessages))?["clientReference"]?.string
}

/// HTTP API, Function URL. More members follow a comma.
func payload2(
    _ method: String, _ path: String, stage: String = "$default", context: String = "", members: String = ""
) -> String {
    #"""
    {"version":"2.0","routeKey":"$default","rawPath":"\#(path)","requestContext":{
     "apiId":"k3","domainName":"k3.example.com","routeKey":"$default","stage":"\#(stage)","timeEpoch":1790000000123,
     "http":{"method":"\#(method)","path":"\#(path)","protocol":"HTTP/1.1","sourceIp":"192.0.2.4","userAgent":"t/1"}
     \#(context)}\#(members)}
    """#
}

/// REST API, HTTP API with payload 1.0. More members follow a comma.
func payload1(
    _ method: String, _ path: String, resource: String = "/{proxy+}", context: String = #","identity":{}"#,
    members: String = ""
) -> String {
    #"""
    {"resource":"\#(resource)","path":"\#(path)","httpMethod":"\#(method)","stageVariables":null,"requestContext":{
     "accountId":"210987654321","apiId":"k1","resourcePath":"\#(resource)","httpMethod":"\#(method)","stage":"live",
     "path":"/live\#(path)","protocol":"HTTP/1.1","requestTimeEpoch":1790000000123\#(context)}\#(members)}
    """#
}

/// A load balancer's target.
func targetGroup(_ method: String, _ path: String, members: String) -> String {
    #"""
    {"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:us-east-1:210987654321:targetgroup/f/6d"}},
     "httpMethod":"\#(method)","path":"\#(path)",\#(members)}
    """#
}
