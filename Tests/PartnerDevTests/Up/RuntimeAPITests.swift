import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The Runtime API for one function's process")
struct RuntimeAPITests {
    private let api = RuntimeAPI(timeoutSeconds: 20)

    private func send(
        _ method: String, _ path: String, _ body: String = "", from process: Int = 0
    ) -> HTTPServer.Reply {
        api.reply(
            to: Request(method: method, path: "/2018-06-01/runtime" + path, body: Array(body.utf8)), from: process)
    }

    private func status(_ reply: HTTPServer.Reply) -> Int? {
        guard case .response(let response, _) = reply else { return nil }
        return response.status
    }

    /// What `/next` hands out; it waits for it.
    private func next(from process: Int = 0) throws -> Response {
        guard case .response(let response, _) = send("GET", "/invocation/next", from: process) else {
            throw NothingHandedOut()
        }
        return response
    }

    private struct NothingHandedOut: Error {}

    /// Invokes from another thread, as the gateway does.
    private func invoke(_ event: String) -> Lock<RuntimeAPI.Ended?> {
        let ended = Lock<RuntimeAPI.Ended?>(nil)
        start { [api] in
            let result = api.invoke(Array(event.utf8), cause: 7)
            ended.withLock { $0 = result }
            ended.notify()
        }
        return ended
    }

    private func outcome(_ ended: Lock<RuntimeAPI.Ended?>) throws -> RuntimeAPI.Ended {
        try #require(ended.wait(until: .after(milliseconds: 20_000)) { $0 })
    }

    @Test("an event is handed out with its id and deadline, and the answer goes to whoever invoked")
    func answer() throws {
        let ended = invoke("{}")
        let next = try next()
        #expect(next.body == Array("{}".utf8))
        let id = try #require(next.headers["Lambda-Runtime-Aws-Request-Id"])
        let deadline = try #require(next.headers["Lambda-Runtime-Deadline-Ms"].flatMap { Int($0) })
        #expect(deadline > Timestamp.now().epochMilliseconds)
        #expect(api.cause == 7)
        #expect(status(send("POST", "/invocation/\(id)/response", "yes")) == 202)
        let result = try outcome(ended)
        #expect(result.outcome == .answer(Array("yes".utf8)))
        #expect(result.isColdStart)
        #expect(api.cause == 7)

        let second = invoke("{}")
        let secondID = try #require(try self.next().headers["Lambda-Runtime-Aws-Request-Id"])
        #expect(status(send("POST", "/invocation/\(secondID)/error", "no")) == 202)
        let failure = try outcome(second)
        #expect(failure.outcome == .failure(Array("no".utf8)))
        #expect(!failure.isColdStart)
    }

    @Test("an answer for no invocation, or given twice, is refused; other paths are unknown")
    func refused() throws {
        #expect(status(send("POST", "/invocation/none/response")) == 400)
        let ended = invoke("{}")
        let id = try #require(try next().headers["Lambda-Runtime-Aws-Request-Id"])
        #expect(status(send("POST", "/invocation/\(id)/response", "1")) == 202)
        #expect(status(send("POST", "/invocation/\(id)/response", "2")) == 400)
        try #expect(outcome(ended).outcome == .answer(Array("1".utf8)))
        #expect(status(send("POST", "/init/error", "{}")) == 202)
        #expect(status(send("GET", "/elsewhere")) == 404)
        #expect(status(api.reply(to: Request(method: "GET", path: "/"), from: 0)) == 404)
    }

    @Test("a process that ends loses what it was working on")
    func ended() throws {
        let lost = invoke("{}")
        _ = try next()
        api.endProcess(keepingWork: true)
        try #expect(outcome(lost).outcome == .ended)
    }

    @Test("what a process that is gone had asked for is never answered, whether it waited or comes late")
    func abandoned() {
        let isClosed = Lock<Bool?>(nil)
        start { [api] in
            let request = Request(method: "GET", path: "/2018-06-01/runtime/invocation/next")
            let reply = api.reply(to: request, from: 0)
            isClosed.withLock { if case .close = reply { $0 = true } else { $0 = false } }
            isClosed.notify()
        }
        sleep(milliseconds: 50)
        api.endProcess(keepingWork: true)
        #expect(isClosed.wait(until: .after(milliseconds: 20_000)) { $0 } == true)
        _ = invoke("{}")
        guard case .close = send("GET", "/invocation/next", from: 0) else {
            Issue.record("it was answered")
            return
        }
    }

    @Test("what waits is for the next process, unless there is none")
    func waiting() throws {
        let ended = invoke("1")
        sleep(milliseconds: 50)
        api.endProcess(keepingWork: true)
        let id = try #require(try next(from: api.beginProcess()).headers["Lambda-Runtime-Aws-Request-Id"])
        #expect(status(send("POST", "/invocation/\(id)/response", "late")) == 202)
        try #expect(outcome(ended).outcome == .answer(Array("late".utf8)))

        let hopeless = invoke("2")
        while hopeless.withLock({ $0 == nil }) {
            api.endProcess(keepingWork: false)
            sleep(milliseconds: 10)
        }
        try #expect(outcome(hopeless).outcome == .ended)
    }

    @Test("an invocation that takes too long is given up")
    func late() {
        let ended = RuntimeAPI(timeoutSeconds: 0).invoke([], cause: nil)
        #expect(ended.outcome == .timedOut)
    }
}
