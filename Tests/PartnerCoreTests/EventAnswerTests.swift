import Testing

@testable import PartnerCore

@Suite("A response takes the shape that the trigger wants")
struct EventAnswerTests {
    private let response: Response = {
        var headers: Headers = [
            "Content-Type": "text/html", "Set-Cookie": "a=1; Expires=Sun, 25 Oct 2026 10:15:30 GMT",
        ]
        headers.add("Vary", "Origin")
        headers.add("vary", "Cookie")
        headers.add("set-cookie", "b=2")
        return Response(status: 404, headers: headers, body: Array("<p>\"é\"\n".utf8))
    }()

    private func answer(to event: String) throws -> String {
        String(decoding: try httpEvent(event).encode(response).text, as: UTF8.self)
    }

    @Test("payload 2.0: cookies apart, other values of one name joined")
    func payload2() throws {
        #expect(
            try answer(to: #"{"version":"2.0","requestContext":{"http":{"method":"GET"}},"rawPath":"/"}"#) == #"""
                {"statusCode":404,"headers":{"Content-Type":"text/html","Vary":"Origin, Cookie"},\#
                "cookies":["a=1; Expires=Sun, 25 Oct 2026 10:15:30 GMT","b=2"],\#
                "body":"<p>\"é\"\n","isBase64Encoded":false}
                """#)
    }

    @Test("payload 1.0: every header with all its values")
    func payload1() throws {
        #expect(
            try answer(to: #"{"httpMethod":"GET","path":"/","requestContext":{}}"#) == #"""
                {"statusCode":404,"multiValueHeaders":{"Content-Type":["text/html"],\#
                "Set-Cookie":["a=1; Expires=Sun, 25 Oct 2026 10:15:30 GMT","b=2"],"Vary":["Origin","Cookie"]},\#
                "body":"<p>\"é\"\n","isBase64Encoded":false}
                """#)
    }

    @Test("a load balancer with multi-value headers: the same, with a reason")
    func loadBalancerMultiValue() throws {
        #expect(
            try answer(
                to: #"{"httpMethod":"GET","path":"/","multiValueHeaders":{},"requestContext":{"elb":{}}}"#) == #"""
                    {"statusCode":404,"multiValueHeaders":{"Content-Type":["text/html"],\#
                    "Set-Cookie":["a=1; Expires=Sun, 25 Oct 2026 10:15:30 GMT","b=2"],"Vary":["Origin","Cookie"]},\#
                    "statusDescription":"404 Not Found","body":"<p>\"é\"\n","isBase64Encoded":false}
                    """#)
    }

    @Test("a load balancer with single values: two cookies stay two, under names that differ in case")
    func loadBalancerSingleValue() throws {
        #expect(
            try answer(to: #"{"httpMethod":"GET","path":"/","headers":{},"requestContext":{"elb":{}}}"#) == #"""
                {"statusCode":404,"headers":{"Content-Type":"text/html","Vary":"Origin, Cookie",\#
                "set-cookie":"a=1; Expires=Sun, 25 Oct 2026 10:15:30 GMT","Set-cookie":"b=2"},\#
                "statusDescription":"404 Not Found","body":"<p>\"é\"\n","isBase64Encoded":false}
                """#)
    }

    @Test("a response without cookies has no list of them")
    func noCookies() throws {
        let event = try httpEvent(#"{"requestContext":{"http":{"method":"GET"}},"rawPath":"/"}"#)
        #expect(
            String(decoding: event.encode(.json(200, [:])).text, as: UTF8.self)
                == #"{"statusCode":200,"headers":{"Content-Type":"application/json","Cache-Control":"no-store"},"#
                + #""body":"{}","isBase64Encoded":false}"#)
    }
}
