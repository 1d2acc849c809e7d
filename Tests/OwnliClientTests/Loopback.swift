import Foundation
import PartnerCore

@testable import OwnliClient

/// A real server on loopback, around a test.
func serving(
    _ reply: @escaping @Sendable (Request) -> HTTPServer.Reply, _ body: (URL) async throws -> Void
) async throws {
    let server = try HTTPServer(port: 0) { reply($0) }
    guard let running = PartnerCore.Thread({ server.run() }) else {
        fatalError("The system has no thread left to give")
    }
    let failure: (any Error)?
    do {
        try await body(URL(string: "http://127.0.0.1:\(server.port)")!)
        failure = nil
    } catch {
        failure = error
    }
    server.stop()
    running.join()
    if let failure { throw failure }
}

/// What came in.
final class Record: Sendable {
    private let requests = Lock<[Request]>([])

    var all: [Request] { requests.withLock { $0 } }

    func add(_ request: Request) { requests.withLock { $0.append(request) } }
}

/// A door that is opened once.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for waiter in waiting { waiter.resume() }
        waiting = []
    }

    func pass() async {
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }
}

/// A counter that is also a backend: its tokens are `token-1`, `token-2`, ...
actor Mint {
    private(set) var asked = 0
    private let expiresIn: Int

    init(expiresIn: Int = 3600) { self.expiresIn = expiresIn }

    func token() -> UserToken {
        asked += 1
        return UserToken(secret: "token-\(asked)", expiresIn: expiresIn)
    }
}

func json(_ status: Int, _ text: String) -> HTTPServer.Reply {
    .response(Response(status: status, headers: ["Content-Type": "application/json"], body: Array(text.utf8)))
}
