import Glibc
import Testing

@testable import PartnerCore

/// The Runtime API: hands out the invocations in order, then answers 500, which ends the runtime.
private final class RuntimeAPI: Sendable {
    struct Post: Sendable {
        let path: String
        let body: String
        let errorType: String?
    }

    let posts = Lock<[Post]>([])
    private let invocations: Lock<[(event: String, headers: Headers)]>
    private let server = Lock<HTTPServer?>(nil)

    /// - Parameter status: what a post is answered with.
    init(_ invocations: [(event: String, headers: Headers)], status: Int = 202) throws {
        self.invocations = Lock(invocations)
        let server = try HTTPServer(port: 0) { [self] request in
            guard request.method == "GET" else {
                let post = Post(
                    path: request.path, body: String(decoding: request.body, as: UTF8.self),
                    errorType: request.headers["Lambda-Runtime-Function-Error-Type"])
                posts.withLock { $0.append(post) }
                return .response(Response(status: status))
            }
            let next = self.invocations.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let next else { return .response(Response(status: 500)) }
            var headers = next.headers
            if headers["Lambda-Runtime-Aws-Request-Id"] == nil { headers.add("lambda-runtime-aws-request-id", "id") }
            return .response(Response(status: 200, headers: headers, body: Array(next.event.utf8)))
        }
        self.server.withLock { $0 = server }
        Thread { server.run() }!.detach()
    }

    deinit { server.withLock { $0 }?.stop() }

    func run() {
        var settings = SettingsReader(Environment([:]))
        LambdaRuntime(
            invoker: Invoker<Echo>(reading: &settings), address: "127.0.0.1:\(server.withLock { $0!.port })",
            log: Log(descriptor: -1), metrics: nil, environment: Environment([:])
        ).run()
    }
}

/// Answers what it was told of the invocation; as large as it is asked to.
private struct Echo: Function {
    static let about = About(name: "echo", summary: "for tests", directInputHas: ["size"])

    init(reading settings: inout SettingsReader) {}

    var probes: [Probe] { [] }

    var routes: [Route] {
        [
            Route("GET", "/large") { _, _ in
                Response(status: 200, body: [UInt8](repeating: UInt8(ascii: "x"), count: 6_291_556))
            }
        ]
    }

    func process(_ input: JSON, from origin: Origin, in invocation: Invocation) throws(FunctionError) -> JSON {
        if let size = input["size"]?.integer, size > 0 { return .string(String(repeating: "x", count: size)) }
        return [
            "trace": .string(getenv("_X_AMZN_TRACE_ID").map { String(cString: $0) } ?? "none"),
            "context": invocation.clientContext ?? .null, "cold": .bool(invocation.isColdStart),
        ]
    }
}

/// The trace id is in the environment, which is one for the whole process.
@Suite("The Lambda runtime", .serialized)
struct LambdaRuntimeTests {
    private let direct = #"{"size":0}"#

    @Test("the trace id and the client context reach the function, and are gone with the next invocation")
    func context() throws {
        let api = try RuntimeAPI([
            (
                direct,
                ["Lambda-Runtime-Trace-Id": "Root=1-2-3", "Lambda-Runtime-Client-Context": #"{"custom":{"a":1}}"#]
            ),
            (direct, [:]),
        ])
        api.run()
        #expect(
            api.posts.withLock { $0.map(\.body) } == [
                #"{"trace":"Root=1-2-3","context":{"custom":{"a":1}},"cold":true}"#,
                #"{"trace":"none","context":null,"cold":false}"#,
            ])
    }

    @Test("an answer over the limit is our own 500 over HTTP, and a failure otherwise; neither is posted whole")
    func tooLarge() throws {
        let http = #"{"version":"2.0","rawPath":"/large","requestContext":{"http":{"method":"GET"}}}"#
        let api = try RuntimeAPI([(http, [:]), (#"{"size":6291556}"#, [:]), (direct, [:])])
        api.run()
        let posts = api.posts.withLock { $0 }
        #expect(posts.count == 3)
        #expect(posts[0].path.hasSuffix("/response") && posts[0].body.contains("ANSWER_TOO_LARGE"))
        #expect(posts[0].body.contains(#""statusCode":500"#))
        #expect(posts[1].path.hasSuffix("/error") && posts[1].errorType == "Function.PermanentFailure")
        #expect(posts[2].path.hasSuffix("/response"))
    }

    @Test("a deadline that is no number fails that invocation, not the process", arguments: ["", "soon", "1e3", "-1"])
    func deadline(text: String) throws {
        let api = try RuntimeAPI([(direct, ["Lambda-Runtime-Deadline-Ms": text]), (direct, [:])])
        api.run()
        let posts = api.posts.withLock { $0 }
        #expect(posts.map(\.errorType) == ["Runtime.InvalidDeadline", nil])
    }

    @Test(
        "a deadline of any number is one, be it long past or farther away than a clock can tell",
        arguments: ["0", "1", "9007199254740991", "9007199254740992"])
    func extremeDeadline(text: String) throws {
        let api = try RuntimeAPI([(direct, ["Lambda-Runtime-Deadline-Ms": text]), (direct, [:])])
        api.run()
        let posts = api.posts.withLock { $0 }
        #expect(posts.map(\.errorType) == [nil, nil])
    }

    @Test("413 and 403 go on to the next invocation, without another post", arguments: [413, 403, 400])
    func refusedAnswer(status: Int) throws {
        let api = try RuntimeAPI([(direct, [:]), (direct, [:])], status: status)
        api.run()
        #expect(api.posts.withLock { $0.count } == 2)
    }

    @Test("500 to an answer is the end")
    func failingAPI() throws {
        let api = try RuntimeAPI([(direct, [:]), (direct, [:])], status: 500)
        api.run()
        #expect(api.posts.withLock { $0.count } == 1)
    }
}
