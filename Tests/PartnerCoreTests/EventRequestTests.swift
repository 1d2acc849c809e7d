import Testing

@testable import PartnerCore

@Suite("An HTTP event becomes a request")
struct EventRequestTests {
    @Test(
        "with hardly anything in it",
        arguments: [
            #"{"requestContext":{"http":{"method":"GET"}},"rawPath":"/a"}"#, #"{"httpMethod":"GET","path":"/a"}"#,
            #"{"requestContext":{"elb":{}},"httpMethod":"GET","path":"/a"}"#,
        ])
    func bare(text: String) throws {
        let request = try request(text)
        #expect(request.method == "GET")
        #expect(request.path == "/a")
        #expect(request.query.isEmpty)
        #expect(request.headers == Headers())
        #expect(request.body.isEmpty)
        #expect(request.identity == nil)
    }

    @Test(
        "with null, or something of another type, in every other field",
        arguments: ["null", "7", "[7]", "[[]]", "true"])
    func otherTypes(value: String) throws {
        let fields = """
            "version":\(value),"routeKey":\(value),"resource":\(value),"rawQueryString":\(value),"cookies":\(value),
            "headers":\(value),"multiValueHeaders":\(value),"queryStringParameters":\(value),
            "multiValueQueryStringParameters":\(value),"body":null,"isBase64Encoded":null
            """
        let context = #""stage":\#(value),"path":\#(value),"authorizer":\#(value),"identity":\#(value)"#
        for text in [
            #"{"requestContext":{"http":{"method":"GET"},\#(context)},"rawPath":"/a",\#(fields)}"#,
            #"{"requestContext":{\#(context)},"httpMethod":"GET","path":"/a",\#(fields)}"#,
            #"{"requestContext":{"elb":{},\#(context)},"httpMethod":"GET","path":"/a",\#(fields)}"#,
        ] {
            let request = try request(text)
            #expect(request.path == "/a")
            #expect(request.query.isEmpty)
            #expect(request.headers == Headers())
            #expect(request.identity == nil)
        }
    }

    @Test(
        "payload 2.0: the stage is taken off the path, once, and only where it is one",
        arguments: [
            ("prod", "/prod/api/users", "/api/users"), ("prod", "/prod", "/"), ("prod", "/prod/", "/"),
            ("prod", "/prod/prod/a", "/prod/a"), ("prod", "/production/a", "/production/a"),
            ("prod", "/api/prod/a", "/api/prod/a"), ("$default", "/$default/a", "/$default/a"), ("", "//a", "//a"),
            ("prod", "/prod//a", "//a"), ("prod", "/prod/%2e%2e/a", "/%2e%2e/a"), ("prod", "//prod/a", "//prod/a"),
        ])
    func stage(stage: String, rawPath: String, path: String) throws {
        let text = #"{"requestContext":{"http":{"method":"GET"},"stage":"\#(stage)"},"rawPath":"\#(rawPath)"}"#
        #expect(try request(text).path == path)
    }

    @Test("payload 2.0: a route that begins with the stage's name by chance stays whole")
    func stageByChance() throws {
        let context = #""requestContext":{"http":{"method":"GET"},"stage":"api"},"routeKey":"GET /api/a""#
        #expect(try request(#"{\#(context),"rawPath":"/api/a"}"#).path == "/api/a")
        #expect(try request(#"{\#(context),"rawPath":"/api/api/a"}"#).path == "/api/a")
    }

    @Test(
        "payload 2.0: nor is one that has parameters, or any method, cut; where both could be meant the stage goes",
        arguments: [
            ("GET /api/a/{id}", "/api/a/7", "/api/a/7"), ("GET /api/a/{id}", "/api/api/a/7", "/api/a/7"),
            ("ANY /api/a", "/api/a", "/api/a"), ("ANY /api/{proxy+}", "/api/a/7", "/api/a/7"),
            ("ANY /api/{proxy+}", "/api/api/a", "/api/a"), ("ANY /{proxy+}", "/api/a", "/a"),
            ("$default", "/api/a", "/a"),
        ])
    func stageAndParameters(routeKey: String, rawPath: String, path: String) throws {
        let context = #""requestContext":{"http":{"method":"GET"},"stage":"api"},"routeKey":"\#(routeKey)""#
        #expect(try request(#"{\#(context),"rawPath":"\#(rawPath)"}"#).path == path)
    }

    @Test("payload 1.0: the path has no stage, unless requestContext.path says that nothing was taken off")
    func restStage() throws {
        func path(_ path: String, _ contextPath: String, resource: String = "/{proxy+}") throws -> String {
            let context = #"{"stage":"api","path":"\#(contextPath)"}"#
            return try request(
                #"{"resource":"\#(resource)","httpMethod":"GET","path":"\#(path)","requestContext":\#(context)}"#
            ).path
        }
        #expect(try path("/api/a", "/api/api/a") == "/api/a")
        #expect(try path("/api/a", "/api/a") == "/a")
        #expect(try path("/api/a", "/api/a", resource: "/api/a") == "/api/a")
        #expect(try path("/api/a/7", "/api/a/7", resource: "/api/a/{id}") == "/api/a/7")
        #expect(try path("/api/api/a/7", "/api/api/a/7", resource: "/api/a/{id}") == "/api/a/7")
        #expect(try path("/base/a", "/base/a") == "/base/a")
    }

    @Test("header values are never split on commas, and names are found in any case")
    func commas() throws {
        let date = "Sun, 25 Oct 2026 10:15:30 GMT"
        let request = try request(
            #"{"requestContext":{"http":{"method":"GET"}},"rawPath":"/","headers":{"IF-Modified-since":"\#(date)"}}"#)
        #expect(request.headers.all("if-modified-since") == [date])
    }

    @Test("multi-value headers are preferred, unless there are none in them")
    func multiValueHeaders() throws {
        func headers(_ multi: String) throws -> Headers {
            try request(
                #"{"httpMethod":"GET","path":"/","headers":{"A":"last"},"multiValueHeaders":\#(multi)}"#
            ).headers
        }
        #expect(try headers(#"{"A":["first","last"],"B":[],"C":null,"D":[7,"d"]}"#).all("a") == ["first", "last"])
        #expect(try headers(#"{"A":["first"],"D":[7,"d"]}"#).all("D") == ["d"])
        for none in ["null", "{}", "[]", #"{"A":"text"}"#] { #expect(try headers(none).all("A") == ["last"]) }
    }

    @Test("payload 2.0's cookies become one Cookie header, two of one name included")
    func cookies() throws {
        let request = try request(
            #"{"requestContext":{"http":{"method":"GET"}},"rawPath":"/","cookies":["a=1","a=2",7,"b=x, y"]}"#)
        #expect(request.headers.all("Cookie") == ["a=1; a=2; b=x, y"])
    }

    @Test("cookies that a Function URL repeats in the headers are not doubled")
    func repeatedCookies() throws {
        #expect(try request(fixture("token-relay/function-url")).headers.all("Cookie") == ["theme=dark; session=abc"])
    }

    @Test("payload 2.0's raw query is the truth")
    func rawQuery() throws {
        let request = try request(
            #"""
            {"requestContext":{"http":{"method":"GET"}},"rawPath":"/","rawQueryString":"a=1&a=2&b=%2C",
             "queryStringParameters":{"a":"1,2"}}
            """#)
        #expect(request.query == "a=1&a=2&b=%2C")
    }

    @Test("payload 1.0's decoded parameters are encoded again")
    func restQuery() throws {
        let request = try request(
            #"""
            {"httpMethod":"GET","path":"/","queryStringParameters":{"a&b":"2"},
             "multiValueQueryStringParameters":{"a&b":["1 + 1 = 100%","2"],"ü":[""],"n":null}}
            """#)
        #expect(request.query == "a%26b=1%20%2B%201%20%3D%20100%25&a%26b=2&%C3%BC=")
        #expect(try request.queryItems().single("ü")?.isEmpty == true)
    }

    @Test("a load balancer's parameters are encoded already")
    func loadBalancerQuery() throws {
        for parameters in [
            #""queryStringParameters":{"a%26b":"1%20x"}"#, #""multiValueQueryStringParameters":{"a%26b":["1%20x"]}"#,
        ] {
            let request = try request(#"{"requestContext":{"elb":{}},"httpMethod":"GET","path":"/",\#(parameters)}"#)
            #expect(request.query == "a%26b=1%20x")
        }
    }

    @Test("a body of base64 is decoded, a body of text is not")
    func bodies() throws {
        func body(_ members: String) throws -> [UInt8] {
            try request(#"{"httpMethod":"POST","path":"/",\#(members)}"#).body
        }
        #expect(try body(#""body":"AP8=","isBase64Encoded":true"#) == [0, 255])
        #expect(try body(#""body":"AP8=","isBase64Encoded":false"#) == Array("AP8=".utf8))
        #expect(try body(#""body":"é""#) == Array("é".utf8))
        #expect(try body(#""body":null,"isBase64Encoded":true"#).isEmpty)
        #expect(try body(#""body":"","isBase64Encoded":true"#).isEmpty)
    }

    @Test(
        "a body that is not what it is said to be is refused over HTTP",
        arguments: [
            #""body":"A","isBase64Encoded":true"#, #""body":"{}","isBase64Encoded":true"#,
            #""body":"AP8=\n","isBase64Encoded":true"#, #""body":"e30=","isBase64Encoded":"true""#,
            #""body":{},"isBase64Encoded":false"#, #""body":7"#, #""body":["{}"],"isBase64Encoded":true"#,
        ])
    func badBodies(members: String) throws {
        let event = try httpEvent(#"{"httpMethod":"POST","path":"/",\#(members)}"#)
        guard case .failure(let error) = event.request else {
            Issue.record("the body was taken")
            return
        }
        #expect(error.status == 400)
        #expect(error.code == "INVALID_BODY")
        #expect(event.encode(error.response(requestID: "r"))["statusCode"] == 400)
    }

    @Test(
        "a member that is needed and is no text is refused over HTTP, and named",
        arguments: [
            (#""httpMethod":"\ud83d","path":"/""#, "the method"), (#""httpMethod":"GET","path":"/\ud83d""#, "path"),
            (#""requestContext":{"http":{"method":"GET"}},"rawPath":"/\ude00""#, "rawPath"),
            (
                #""requestContext":{"http":{"method":"GET"}},"rawPath":"/","rawQueryString":"a=\ud83d""#,
                "rawQueryString"
            ),
            (#""requestContext":{"http":{"method":"GET"}},"rawPath":"/","cookies":["a=\ud83d"]"#, "cookies"),
            (#""requestContext":{"http":{"method":"GET"}},"rawPath":"/","cookies":["a=\u0000"]"#, "cookies"),
            (#""httpMethod":"GET","path":"/","queryStringParameters":{"code":"\ud83d"}"#, "queryStringParameters"),
            (#""httpMethod":"GET","path":"/","queryStringParameters":{"\ud83d":"1"}"#, "queryStringParameters"),
            (
                #""httpMethod":"GET","path":"/","multiValueQueryStringParameters":{"code":["a","\ud83d"]}"#,
                "multiValueQueryStringParameters"
            ),
            (#""httpMethod":"GET","path":"/","headers":{"Authorization":"Bearer \ud83d"}"#, "headers"),
            (#""httpMethod":"GET","path":"/","headers":{"\ud83d":"a"}"#, "headers"),
            (#""httpMethod":"GET","path":"/","headers":{"Authorization":"Bearer a\u0000b"}"#, "headers"),
            (#""httpMethod":"GET","path":"/","headers":{"X-A":"a\r\nX-B: b"}"#, "headers"),
            (#""httpMethod":"GET","path":"/","headers":{"X-A\n":"a"}"#, "headers"),
            (#""httpMethod":"POST","path":"/","body":"\ud83d""#, "The body"),
            (#""httpMethod":"POST","path":"/","body":"\ud83d","isBase64Encoded":true"#, "The body"),
        ])
    func noText(members: String, name: String) throws {
        let event = try httpEvent("{\(members)}")
        guard case .failure(let error) = event.request else {
            Issue.record("the request was taken")
            return
        }
        #expect(error.status == 400)
        #expect(error.message.hasPrefix(name))
    }

    @Test("NUL is a character like any other in a path, a parameter and a body: whoever needs them refuses it")
    func nul() throws {
        let text = #"{"httpMethod":"POST","path":"/\u0000","queryStringParameters":{"code":"\u0000"},"body":"\u0000"}"#
        let request = try request(text)
        #expect(request.path == "/\0")
        #expect(request.body == [0])
        #expect(throws: FunctionError.self) { try request.queryItems() }
        #expect(throws: FunctionError.self) { try request.jsonObject(as: .anyJSON) }
    }

    @Test("what nobody reads may be anything")
    func unread() throws {
        let text =
            #"{"httpMethod":"GET","path":"/","x":"\ud83d","\ude00":1e400,"requestContext":{"n":123456789012345678901}}"#
        #expect(try request(text).path == "/")
    }
}
