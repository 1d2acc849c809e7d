import PartnerCore
import TestSupport
import Testing

@testable import PartnerDev

@Suite("The sandbox's faults")
struct SandboxFaultTests {
    @Test("faults of one route come in the order they were queued, as often as asked for, and then it works again")
    func queue() throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            try sandbox.fault(
                #"{"route":"GET /api/users","fault":"status","status":503,"times":2,"headers":{"Retry-After":"7"},"body":"busy"}"#
            )
            try sandbox.fault(#"{"route":"GET /api/users","fault":"answer","body":"{\"a\":1}"}"#)
            for _ in 0..<2 {
                let answer = try sandbox.send("GET", "/api/users", token: token)
                #expect(answer.status == 503)
                #expect(answer.head.contains("\r\nRetry-After: 7"))
                #expect(answer.text == "busy")
            }
            try #expect(sandbox.send("GET", "/api/rewards", token: token).status == 200)
            let answer = try sandbox.send("GET", "/api/users", token: token)
            #expect(answer.head.contains("\r\nContent-Type: application/json"))
            #expect(answer.text == #"{"a":1}"#)
            try #expect(sandbox.send("GET", "/api/users", token: token).json["totalItems"] == 0)
        }
    }

    @Test("a route with an id is matched by its pattern, and a star matches any")
    func patterns() throws {
        try SandboxClient.with { sandbox in
            try sandbox.fault(#"{"route":"GET /api/users/by-id/:id","fault":"status","status":500}"#)
            try sandbox.fault(#"{"route":"*","fault":"status","status":429}"#)
            try #expect(sandbox.send("GET", "/api/users/by-id/x").status == 500)
            try #expect(sandbox.send("GET", "/anything").status == 429)
            try #expect(sandbox.send("GET", "/anything").status == 404)
        }
    }

    @Test("a fault that cannot be is refused")
    func refused() throws {
        try SandboxClient.with { sandbox in
            for body in [
                #"{"route":"GET /nowhere","fault":"reset"}"#, #"{"route":"*","fault":"flood"}"#, #"{"fault":"reset"}"#,
                #"{"route":"*","fault":"status"}"#, #"{"route":"*","fault":"status","status":99}"#,
                #"{"route":"*","fault":"reset","times":0}"#, #"{"route":"*","fault":"delay","milliseconds":"5"}"#,
                #"{"route":"*","fault":"reset","count":2}"#,
            ] {
                try #expect(sandbox.send("POST", "/_sandbox/faults", body: body).status == 400)
            }
        }
    }

    @Test("garbage is HTML, huge is 10 MB of JSON, a redirect leads elsewhere")
    func answers() throws {
        try SandboxClient.with { sandbox in
            for fault in ["garbage", "huge", "redirect"] { try sandbox.fault(#"{"route":"*","fault":"\#(fault)"}"#) }
            let garbage = try sandbox.send("GET", "/")
            #expect(garbage.status == 200)
            #expect(garbage.text.hasPrefix("<!doctype html>"))
            let huge = try sandbox.send("GET", "/")
            #expect(huge.status == 200)
            #expect(huge.text.utf8.count > 10_000_000)
            #expect(huge.json["filler"] != nil)
            let redirect = try sandbox.send("GET", "/")
            #expect(redirect.status == 302)
            #expect(redirect.head.contains("\r\nLocation: /elsewhere"))
        }
    }

    @Test("after a reset or a silence nothing has happened, after a drop it has, and there is no answer")
    func noAnswer() throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            for (fault, ending, users) in [
                ("reset", RawConnection.Ending.reset, 0), ("silence", .closed, 0), ("drop", .closed, 1),
            ] {
                let milliseconds = fault == "silence" ? #","milliseconds":20"# : ""
                try sandbox.fault(#"{"route":"POST /api/users","fault":"\#(fault)"\#(milliseconds)}"#)
                let answer = try sandbox.createUser(token)
                #expect(answer.text.isEmpty)
                #expect(answer.ending == ending)
                try #expect(sandbox.counts()["users"] == .integer(users))
                try #expect(sandbox.calls().last?["status"] == .string(fault))
            }
        }
    }

    @Test("a delayed call is handled after its time")
    func delay() throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            try sandbox.fault(#"{"route":"POST /api/users","fault":"delay","milliseconds":50}"#)
            let start = Instant.now()
            try #expect(sandbox.createUser(token).status == 200)
            #expect(start.elapsedMicroseconds >= 50_000)
        }
    }

    @Test("a silence ends when the sandbox does")
    func stopping() throws {
        var connection: RawConnection?
        try SandboxClient.with { sandbox in
            try sandbox.fault(#"{"route":"*","fault":"silence","milliseconds":600000}"#)
            connection = RawConnection(port: sandbox.port)
            connection?.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while try sandbox.calls().last?["status"] != "silence" {}
        }
        #expect(connection?.readToEnd().text == "")
    }
}

@Suite("The sandbox's record")
struct SandboxControlTests {
    @Test("a call is recorded as it came, with the scope of its token and how it was answered")
    func calls() throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token("user")
            _ = try sandbox.send(
                "POST", "/api/users?a=b%20c", token: token, body: #"{ "x":1.0 }"#, headers: "X-Trace: T\r\n")
            let calls = try sandbox.calls()
            #expect(calls.map { $0["route"] } == ["POST /api/auth/token", "POST /api/users"])
            #expect(calls[0]["scope"] == .null)
            #expect(calls[0]["status"] == 200)
            #expect(calls[1]["method"] == "POST")
            #expect(calls[1]["path"] == "/api/users")
            #expect(calls[1]["query"] == "a=b%20c")
            #expect(calls[1]["scope"] == "user")
            #expect(calls[1]["status"] == 403)
            #expect(calls[1]["body"] == #"{ "x":1.0 }"#)
            #expect(calls[1]["headers"]?["x-trace"] == "T")
            #expect(calls[1]["headers"]?["authorization"] == .string("Bearer \(token)"))
            try #expect(sandbox.send("DELETE", "/_sandbox/calls").status == 204)
            try #expect(sandbox.calls().isEmpty)
        }
    }

    @Test("the state is counted, and forgotten when asked")
    func reset() throws {
        try SandboxClient.with { sandbox in
            let token = try sandbox.token()
            let user = try #require(try sandbox.createUser(token).json["id"]?.string)
            _ = try sandbox.grant(token, user)
            try sandbox.fault(#"{"route":"*","fault":"reset"}"#)
            try #expect(sandbox.counts() == ["users": 1, "rewards": 1, "tokens": 1])
            try #expect(sandbox.send("POST", "/_sandbox/reset").status == 204)
            try #expect(sandbox.counts() == ["users": 0, "rewards": 0, "tokens": 0])
            try #expect(sandbox.calls().isEmpty)
            try #expect(sandbox.send("GET", "/api/users", token: token).status == 401)
        }
    }

    @Test(
        "what is nowhere is not found",
        arguments: ["GET /", "PUT /api/users", "GET /api/users/", "GET //api/users", "GET /_sandbox/x"])
    func notFound(route: String) throws {
        try SandboxClient.with { sandbox in
            let parts = route.split(separator: " ").map { String($0) }
            try #expect(sandbox.send(parts[0], parts[1]).status == 404)
        }
    }
}

@Suite("The sandbox command")
struct SandboxCommandTests {
    @Test("options are read, and what is none is refused")
    func options() {
        #expect(SandboxCommand([])?.port == 8787)
        #expect(SandboxCommand([])?.tokenLifetime == 3600)
        #expect(SandboxCommand(["--port", "0", "--token-lifetime", "5"])?.tokenLifetime == 5)
        for arguments in [
            ["--port"], ["--port", "x"], ["--port", "65536"], ["--token-lifetime", "0"], ["--verbose", "1"], ["8787"],
        ] {
            #expect(SandboxCommand(arguments) == nil)
        }
    }
}
