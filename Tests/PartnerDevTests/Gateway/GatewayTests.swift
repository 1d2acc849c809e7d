import Foundation
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The local gateway")
struct GatewayTests {
    private let issuer = DevelopmentIssuer(issuer: "http://127.0.0.1:1/issuer")
    private let gateway: Gateway

    init() throws {
        gateway = Gateway(try Template(Array(TemplateTests.text.utf8)), issuer: issuer)
    }

    private func request(
        _ method: String, _ path: String, query: String = "", headers: Headers = [:], body: String = ""
    ) -> Request {
        Request(method: method, path: path, query: query, headers: headers, body: Array(body.utf8))
    }

    private var signedIn: Headers {
        ["Authorization": "Bearer " + issuer.token(for: ["sub": "user-1", "groups": ["a", "b"], "n": 1])]
    }

    /// What a function would get; nil when it is not called.
    private func received(_ request: Request) -> JSON? {
        var event: JSON?
        _ = gateway.respond(to: request) { _, _, bytes in
            event = try? JSON.parse(bytes)
            return .answer(Array(#"{"statusCode":200}"#.utf8))
        }
        return event
    }

    private func response(_ request: Request, _ invoked: Gateway.Invoked = .answer([])) -> Response {
        gateway.respond(to: request) { _, _, _ in invoked }
    }

    @Test("a path or a method that no route has is 404, in the gateway's words")
    func noRoute() {
        for (method, path) in [
            ("GET", "/"), ("GET", "/things"), ("PUT", "/things/1"), ("GET", "/things/1/"), ("GET", "/things/"),
            ("GET", "//things/1"), ("GET", "/things/1/2"),
        ] {
            let response = response(request(method, path, headers: signedIn))
            #expect(response.status == 404)
            #expect(response.body == Array(#"{"message":"Not Found"}"#.utf8))
        }
    }

    @Test("people need a token of the issuer's, and services have no way in")
    func authorizers() {
        for headers: Headers in [
            [:], ["Authorization": ""], ["Authorization": "Bearer"], ["Authorization": "Bearer a.b.c"],
            ["Authorization": "Basic dXNlcjpwYXNz"],
        ] {
            let response = response(request("GET", "/things/1", headers: headers))
            #expect(response.status == 401)
            #expect(response.headers["WWW-Authenticate"] == "Bearer")
            #expect(response.body == Array(#"{"message":"Unauthorized"}"#.utf8))
        }
        #expect(received(request("GET", "/things/1", headers: signedIn)) != nil)
        #expect(response(request("POST", "/things", headers: signedIn)).status == 403)
        #expect(received(request("POST", "/hook")) != nil)
    }

    @Test("an event has the path's parameters, the query, the cookies apart, and the claims as text")
    func event() throws {
        var headers = signedIn
        headers.add("Host", "127.0.0.1:1")
        headers.add("X-Twice", "a")
        headers.add("x-twice", "b, c")
        headers.add("Cookie", "one=1; two=2")
        let event = try #require(
            received(request("GET", "/things/a%20b", query: "q=1%2B1&q=2&empty", headers: headers)))
        #expect(event["version"] == "2.0")
        #expect(event["routeKey"] == "GET /things/{id}")
        #expect(event["rawPath"] == "/things/a%20b")
        #expect(event["rawQueryString"] == "q=1%2B1&q=2&empty")
        #expect(event["queryStringParameters"] == ["q": "1+1,2", "empty": ""])
        #expect(event["pathParameters"] == ["id": "a b"])
        #expect(event["cookies"] == ["one=1", "two=2"])
        #expect(event["headers"]?["x-twice"] == "a,b, c")
        #expect(event["headers"]?["cookie"] == nil)
        #expect(event["body"] == nil)
        #expect(event["isBase64Encoded"] == false)
        let context = try #require(event["requestContext"])
        #expect(context["stage"] == "$default")
        #expect(context["http"]?["method"] == "GET")
        let claims = try #require(context["authorizer"]?["jwt"]?["claims"])
        #expect(claims["sub"] == "user-1")
        #expect(claims["groups"] == "[a b]")
        #expect(claims["n"] == "1")
    }

    @Test("a JSON body goes on as text; a form, and what is no UTF-8, as base64")
    func bodies() throws {
        let json = try #require(
            received(request("POST", "/hook", headers: ["Content-Type": "application/json"], body: "{}")))
        #expect(json["body"] == "{}")
        #expect(json["isBase64Encoded"] == false)
        let form = try #require(
            received(
                request("POST", "/hook", headers: ["Content-Type": "application/x-www-form-urlencoded"], body: "a=b")))
        #expect(form["body"] == "YT1i")
        #expect(form["isBase64Encoded"] == true)
        let bytes = Request(method: "POST", path: "/hook", headers: ["Content-Type": "text/plain"], body: [0xFF])
        #expect(try #require(received(bytes))["body"] == "/w==")
    }

    @Test("an answer goes on with its status, headers and cookies, decoded where it is base64")
    func answers() {
        let answer = #"""
            {"statusCode":201,"headers":{"Content-Type":"text/plain"},"cookies":["a=1","b=2"],"body":"aGk=",\#
            "isBase64Encoded":true}
            """#
        let response = response(request("POST", "/hook"), .answer(Array(answer.utf8)))
        #expect(response.status == 201)
        #expect(response.headers.all("Set-Cookie") == ["a=1", "b=2"])
        #expect(response.body == Array("hi".utf8))
    }

    @Test("an answer without a status is a body, and one that cannot be understood is 500")
    func oddAnswers() {
        let whole = response(request("POST", "/hook"), .answer(Array(#"{"a":1}"#.utf8)))
        #expect(whole.status == 200)
        #expect(whole.body == Array(#"{"a":1}"#.utf8))
        for answer in [
            "", "no json", #"{"statusCode":"200"}"#, #"{"statusCode":99}"#, #"{"statusCode":200,"cookies":[1]}"#,
        ] {
            #expect(response(request("POST", "/hook"), .answer(Array(answer.utf8))).status == 500)
        }
        #expect(response(request("POST", "/hook"), .failed).status == 500)
        #expect(response(request("POST", "/hook"), .timedOut).status == 503)
    }

    @Test("a preflight is answered without a function; only web apps of this machine may read answers")
    func cors() {
        func preflight(_ origin: String) -> Response {
            response(
                request(
                    "OPTIONS", "/things/1", headers: ["Origin": origin, "Access-Control-Request-Method": "GET"]))
        }
        let allowed = preflight("http://localhost:5173")
        #expect(allowed.status == 204)
        #expect(allowed.headers["Access-Control-Allow-Origin"] == "http://localhost:5173")
        #expect(allowed.headers["Access-Control-Allow-Methods"] == "GET,POST")
        #expect(allowed.headers["Access-Control-Allow-Headers"] == "authorization")
        for origin in ["https://evil.example", "http://localhost.evil.example", "null", "http://127.0.0.1.nip.io"] {
            #expect(preflight(origin).headers["Access-Control-Allow-Origin"] == nil)
            let answer = response(request("GET", "/things/1", headers: ["Origin": origin]))
            #expect(answer.headers["Access-Control-Allow-Origin"] == nil)
        }
        let refused = response(request("GET", "/things/1", headers: ["Origin": "http://127.0.0.1:3000"]))
        #expect(refused.status == 401)
        #expect(refused.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:3000")
    }

    @Test("a route without parameters comes before one with them")
    func specific() throws {
        let text = TemplateTests.text.replacing(
            "Make: {", with: "Me: {Type: HttpApi, Properties: {Method: GET, Path: /things/me}}\n        Make: {")
        let gateway = Gateway(try Template(Array(text.utf8)), issuer: issuer)
        try #expect(gateway.admit(request("GET", "/things/me", headers: signedIn)).route.path == "/things/me")
        try #expect(gateway.admit(request("GET", "/things/you", headers: signedIn)).route.path == "/things/{id}")
    }

    @Test("a route's last parameter may stand for all that follows")
    func greedy() throws {
        let route = GatewayRoute(method: "ANY", path: "/things/{id}/parts/{path+}", access: .anyone)
        func parameters(_ path: String) -> [String]? {
            route.parameters(of: Request(method: "GET", path: path))?.map { "\($0.name)=\($0.value)" }
        }
        #expect(parameters("/things/7/parts/a") == ["id=7", "path=a"])
        #expect(parameters("/things/7/parts/a/b%20c/d") == ["id=7", "path=a/b c/d"])
        #expect(parameters("/things/7/parts") == nil && parameters("/things/7/parts/") == nil)
        #expect(parameters("/things/7/wholes/a/b") == nil)
    }
}
