import Glibc
import Testing

@testable import PartnerCore

/// A Runtime API that does what it was told, request by request, whatever it is asked; then it is gone.
private final class Peer: Sendable {
    enum Step: Sendable {
        case answer(String)
        /// In two pieces, with time between them.
        case slowly(String, String)
        /// The answer, and then the connection's end at once: with FIN, or with RST.
        case answerAndClose(String), answerAndReset(String)
        /// The end without an answer.
        case close
        /// Nothing, until the other side gives up.
        case silence
    }

    let port: Int
    let connections = Lock(0)
    let requests = Lock<[String]>([])
    /// How many answers the other side has taken, of those that a reset comes behind.
    let hasRead = Lock(0)
    private let listener: Int32
    private let steps: Lock<ArraySlice<Step>>

    init(_ steps: [Step], on interface: HTTPServer.Interface = .loopback) throws {
        listener = try HTTPServer.listen(on: 0, interface)
        port = try HTTPServer.port(of: listener)
        self.steps = Lock(steps[...])
        Thread { [self] in
            while self.steps.withLock({ !$0.isEmpty }) { serveOne() }
            Glibc.close(listener)
        }!.detach()
    }

    private func serveOne() {
        waitFor(Int32(POLLIN), on: listener, milliseconds: 20_000)
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return steps.withLock { $0 = [] } }
        connections.withLock { $0 += 1 }
        let socket = HTTPSocket(accepted: descriptor)
        while let request = readRequest(from: socket), let step = steps.withLock({ $0.popFirst() }) {
            requests.withLock { $0.append(request) }
            switch step {
            case .answer(let text): send(text, over: socket)
            case .slowly(let first, let second):
                send(first, over: socket)
                sleep(milliseconds: 150)
                send(second, over: socket)
            case .answerAndClose(let text):
                send(text, over: socket)
                return socket.close()
            case .answerAndReset(let text):
                send(text, over: socket)
                // RST throws away what the other side has not read yet.
                _ = hasRead.wait(until: .after(seconds: 20)) { reads in
                    guard reads > 0 else { return nil as Bool? }
                    reads -= 1
                    return true
                }
                return socket.reset()
            case .close: return socket.close()
            case .silence: _ = socket.read()
            }
        }
        socket.close()
    }

    private func send(_ text: String, over socket: HTTPSocket) {
        _ = socket.send(Array(text.utf8), until: .after(seconds: 20))
    }

    /// Every request here ends with an exclamation mark.
    private func readRequest(from socket: HTTPSocket) -> String? {
        var request: [UInt8] = []
        while request.last != UInt8(ascii: "!") {
            guard let bytes = socket.read() else { return nil }
            request += bytes
        }
        return String(decoding: request, as: UTF8.self)
    }
}

extension HTTPSocket {
    /// Waits for bytes; nil when no more come.
    fileprivate func read() -> [UInt8]? {
        waitFor(Int32(POLLIN), on: descriptor, milliseconds: 20_000)
        var bytes = [UInt8](repeating: 0, count: 65_536)
        guard case .bytes(let count) = bytes.withUnsafeMutableBytes({ receive(into: $0) }) else { return nil }
        return Array(bytes.prefix(count))
    }
}

@Suite("The connection to the Runtime API")
struct LambdaConnectionTests {
    private static let taken = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

    private func connection(to peer: Peer, patience: Int = 20_000) -> LambdaConnection {
        LambdaConnection(address: "127.0.0.1:\(peer.port)", patience: patience)
    }

    private func exchange(
        _ text: String, over connection: LambdaConnection, waitsForEver: Bool = false
    ) throws(LambdaAPIError) -> Int {
        try connection.exchange(Array("\(text)!".utf8), waitsForEver: waitsForEver).status
    }

    @Test("one connection serves request after request")
    func keptAlive() throws {
        let peer = try Peer([Peer.Step](repeating: .answer(Self.taken), count: 20))
        let connection = connection(to: peer)
        for number in 0..<20 { #expect(try exchange("\(number)", over: connection) == 202) }
        #expect(peer.connections.withLock { $0 } == 1)
        #expect(peer.requests.withLock { $0 } == (0..<20).map { "\($0)!" })
    }

    @Test("after Connection: close the next request takes another one")
    func lastOfItsConnection() throws {
        let last = "HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        let peer = try Peer([.answer(last), .answer(Self.taken)])
        let connection = connection(to: peer)
        #expect(try exchange("a", over: connection) == 202)
        #expect(try exchange("b", over: connection) == 202)
        #expect(peer.connections.withLock { $0 } == 2)
    }

    @Test("a connection that died in a freeze is made anew, as often as it takes", arguments: [false, true])
    func thawed(withReset: Bool) throws {
        let step = withReset ? Peer.Step.answerAndReset(Self.taken) : .answerAndClose(Self.taken)
        let peer = try Peer([Peer.Step](repeating: step, count: 10))
        let connection = connection(to: peer)
        for number in 0..<10 {
            #expect(try exchange("\(number)", over: connection, waitsForEver: number % 2 == 0) == 202)
            peer.hasRead.withLock { $0 += 1 }
            peer.hasRead.notify()
            sleep(milliseconds: 10)
        }
        #expect(peer.requests.withLock { $0 } == (0..<10).map { "\($0)!" })
    }

    @Test("a peer that closes while it is waited for is asked once more, and not for ever")
    func closedWhileWaiting() throws {
        let peer = try Peer([.answer(Self.taken), .close, .answer(Self.taken), .close, .close, .silence])
        let connection = connection(to: peer)
        #expect(try exchange("a", over: connection) == 202)
        #expect(try exchange("b", over: connection, waitsForEver: true) == 202)
        #expect(throws: LambdaAPIError.unanswered) { try exchange("c", over: connection, waitsForEver: true) }
        #expect(peer.requests.withLock { $0 } == ["a!", "b!", "b!", "c!", "c!"])
    }

    @Test("a fresh connection that dies is not tried again")
    func freshOneDies() throws {
        let peer = try Peer([.close, .silence])
        #expect(throws: LambdaAPIError.unanswered) { try exchange("a", over: connection(to: peer)) }
        #expect(peer.connections.withLock { $0 } == 1)
    }

    @Test("once an answer has begun, its request is not sent again")
    func cutOff() throws {
        let peer = try Peer([.answer(Self.taken), .answerAndClose("HTTP/1.1 2"), .silence])
        let connection = connection(to: peer)
        #expect(try exchange("a", over: connection) == 202)
        #expect(throws: LambdaAPIError.answerCutOff) { try exchange("b", over: connection) }
        #expect(peer.requests.withLock { $0 } == ["a!", "b!"])
    }

    @Test("after garbage the connection is given up")
    func garbage() throws {
        let peer = try Peer([.answer("\0\0\0\r\n"), .answer(Self.taken)])
        let connection = connection(to: peer)
        #expect(throws: LambdaAPIError.answerMalformed) { try exchange("a", over: connection) }
        #expect(try exchange("b", over: connection) == 202)
        #expect(peer.connections.withLock { $0 } == 2)
    }

    @Test("patience ends for a post, and never for the next invocation")
    func patience() throws {
        let peer = try Peer([.slowly("HTTP/1.1 ", "202 A\r\nContent-Length: 0\r\n\r\n"), .silence, .silence])
        let connection = connection(to: peer, patience: 20)
        #expect(try exchange("a", over: connection, waitsForEver: true) == 202)
        #expect(throws: LambdaAPIError.timedOut) { try exchange("b", over: connection) }
    }

    @Test("a peer that refuses and hangs up before it has all of a request is heard")
    func refusedEarly() throws {
        let listener = try HTTPServer.listen(on: 0, .loopback)
        defer { close(listener) }
        let thread = Thread {
            waitFor(Int32(POLLIN), on: listener, milliseconds: 20_000)
            let socket = HTTPSocket(accepted: accept(listener, nil, nil))
            _ = socket.read()
            _ = socket.send(
                Array("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n".utf8), until: .after(seconds: 20))
            socket.finishSending()
            while socket.read() != nil {}
            socket.close()
        }
        thread!.detach()
        let connection = LambdaConnection(address: "127.0.0.1:\(try HTTPServer.port(of: listener))")
        let request = [UInt8](repeating: UInt8(ascii: "x"), count: 6_000_000)
        #expect(try connection.exchange(request).status == 413)
    }

    @Test(
        "the address may be of either family, or a name", arguments: ["127.0.0.1", "[::1]", "localhost", "LOCALHOST"])
    func address(host: String) throws {
        let peer = try Peer([.answer(Self.taken)], on: .all)
        #expect(try exchange("a", over: LambdaConnection(address: "\(host):\(peer.port)")) == 202)
    }

    @Test(
        "what is no address says so",
        arguments: [
            "", ":", ":80", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8a", "::1:80",
            "[::1]80", "[::1", "h:1/x", "u@h:1", "h:1\r\nX: y", "h 1:80",
        ])
    func noAddress(address: String) {
        #expect(throws: LambdaAPIError.addressMalformed) { try exchange("a", over: LambdaConnection(address: address)) }
    }

    @Test("nobody there is said at once")
    func nobodyThere() throws {
        let listener = try HTTPServer.listen(on: 0, .loopback)
        let port = try HTTPServer.port(of: listener)
        close(listener)
        for host in ["127.0.0.1", "[::1]", "no-such-name.invalid"] {
            let connection = LambdaConnection(address: "\(host):\(port)")
            #expect(throws: LambdaAPIError.couldNotConnect) { try exchange("a", over: connection) }
        }
    }
}
