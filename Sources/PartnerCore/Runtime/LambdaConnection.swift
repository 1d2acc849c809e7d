import CSystem

/// One keep-alive connection to the Runtime API, a plain socket: it is one fixed peer, and asking it is the first thing
/// that every start does. libcurl, c-ares and what they read wait for the first call to the outside.
final class LambdaConnection {
    /// The largest event is 6 MB, which base64 or escapes cannot make larger: the limit is on what crosses this wire.
    private static let largestAnswer = 8 * 1_048_576
    private static let connectMilliseconds = 1000
    private static let pieceBytes = 65_536
    /// An environment that is started for an invocation gets it by then, and has a part of a processor for it: work that is
    /// done ahead, like a second handshake, would only be in its way.
    private static let idleMilliseconds: Int32 = 20

    /// Nil when it cannot be read.
    private let peer: Authority?
    private let patience: Int
    private var socket: HTTPSocket?
    /// Of an answer: the memory that it is received in.
    private let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: pieceBytes)

    /// - Parameters:
    ///   - address: `ip:port`, `[ip]:port` or `host:port`; the port is 80 when there is none.
    ///   - patience: milliseconds that an answer is waited for, where it is not waited for for ever.
    init(address: String, patience: Int = 10_000) {
        peer = Self.peer(address)
        self.patience = patience
    }

    deinit {
        socket?.close()
        piece.deallocate()
    }

    /// Sends a request, and waits for its answer.
    ///
    /// A connection that is kept may have died in a freeze. If it did so before any byte of an answer, the request goes
    /// out once more, on a fresh one. That is right for posts too. The API knows each by its request id and refuses a
    /// second one, which is logged. But a lost answer would fail an invocation that has been paid for.
    ///
    /// - Parameters:
    ///   - waitsForEver: for the answer. The request is sent in time or not at all.
    ///   - whenIdle: is called when the answer does not begin at once.
    func exchange(
        _ request: [UInt8], waitsForEver: Bool = false, whenIdle: (() -> Void)? = nil
    ) throws(LambdaAPIError) -> HTTPResponseParser.Message {
        let deadline = waitsForEver ? nil : Deadline.after(milliseconds: patience)
        if let socket {
            do throws(LambdaAPIError) { return try exchange(request, on: socket, until: deadline, whenIdle) } catch {
                guard error == .unanswered else { throw error }
            }
        }
        let fresh = try connect()
        socket = fresh
        return try exchange(request, on: fresh, until: deadline, whenIdle)
    }

    private func exchange(
        _ request: [UInt8], on socket: HTTPSocket, until deadline: Deadline?, _ whenIdle: (() -> Void)?
    ) throws(LambdaAPIError) -> HTTPResponseParser.Message {
        var keepsAlive = false
        defer {
            if !keepsAlive {
                socket.close()
                self.socket = nil
            }
        }
        // Whoever refuses a request may do so, and hang up, before all of it is sent.
        let sending = deadline ?? .after(milliseconds: patience)
        if !socket.send(request, until: sending), sending.remainingMilliseconds <= 0 { throw .timedOut }
        if let whenIdle, isIdle(socket) { whenIdle() }
        let answer = try receive(from: socket, until: deadline)
        keepsAlive = answer.keepsAlive
        return answer
    }

    private func isIdle(_ socket: HTTPSocket) -> Bool {
        var input = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&input, 1, Self.idleMilliseconds) == 0
    }

    private func receive(
        from socket: HTTPSocket, until deadline: Deadline?
    ) throws(LambdaAPIError) -> HTTPResponseParser.Message {
        var parser = HTTPResponseParser(bodyBytes: Self.largestAnswer)
        var hasBegun = false
        while true {
            let count = recv(socket.descriptor, piece.baseAddress, piece.count, 0)
            if count > 0 {
                hasBegun = true
                parser.append(UnsafeBufferPointer(rebasing: piece[..<count]))
                if let answer = try parser.next() { return answer }
            } else if count == 0 || !HTTPSocket.isTemporary(csystem_errno()) {
                if count == 0, let answer = parser.end() { return answer }
                throw hasBegun ? .answerCutOff : .unanswered
            }
            if let deadline, deadline.remainingMilliseconds <= 0 { throw .timedOut }
        }
    }

    private func connect() throws(LambdaAPIError) -> HTTPSocket {
        guard let peer else { throw .addressMalformed }
        for address in addresses(of: peer.host) {
            let descriptor = csystem_connect(address, UInt16(peer.port), Self.connectMilliseconds, patience)
            if descriptor >= 0 { return HTTPSocket(accepted: descriptor) }
        }
        throw .couldNotConnect
    }

    private func addresses(of host: String) -> [String] {
        if csystem_is_address(host) { return [host] }
        if equalIgnoringASCIICase(host, "localhost") { return ["127.0.0.1", "::1"] }
        let deadline = Deadline.after(milliseconds: Self.connectMilliseconds)
        let found = (try? NameResolver().addresses(of: host, until: deadline)) ?? []
        return found.map { Self.withoutBrackets(Array($0.utf8)) }
    }

    private static func peer(_ address: String) -> Authority? {
        let bytes = Array(address.utf8)
        // The colons of an IPv6 address are within its brackets.
        let end = bytes.lastIndex(of: UInt8(ascii: "]")).map { $0 + 1 } ?? 0
        guard HTTPSyntax.isHost(bytes), bytes.first == UInt8(ascii: "[") || end == 0 else { return nil }
        let colon = bytes[end...].firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
        let port = colon == bytes.count ? 80 : HTTPSyntax.decimal(bytes[(colon + 1)...])
        guard colon > 0, end == 0 || end == colon, let port, (1...65_535).contains(port) else { return nil }
        return Authority(host: withoutBrackets(Array(bytes[..<colon])), port: port)
    }

    private static func withoutBrackets(_ host: [UInt8]) -> String {
        let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
        return String(decoding: isBracketed ? host[1..<host.count - 1] : host[...], as: UTF8.self)
    }
}
