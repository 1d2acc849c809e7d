import CSystem

/// Sends datagrams to one address over UDP, or loses them: nobody waits, and no failure is told. The socket is made with
/// the first one. Any number of threads may share it.
final class Datagrams: Sendable {
    /// A numeric address and a port.
    struct Peer: Sendable {
        let address: String
        let port: UInt16

        /// `127.0.0.1:2000` or `[::1]:2000`.
        init?(_ text: String) {
            guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
                let port = UInt16(text[text.utf8.index(after: colon)...]), port > 0
            else { return nil }
            let host = text[..<colon].utf8
            let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
            let address = String(decoding: isBracketed ? host.dropFirst().dropLast() : host[...], as: UTF8.self)
            guard csystem_is_address(address), isBracketed == address.utf8.contains(UInt8(ascii: ":")) else {
                return nil
            }
            self.address = address
            self.port = port
        }
    }

    private let peer: Peer
    /// Nil until the first one; negative when the system has none.
    private let descriptor = Lock<Int32?>(nil)

    init(to peer: Peer) { self.peer = peer }

    deinit { if let descriptor = descriptor.withLock({ $0 }), descriptor >= 0 { close(descriptor) } }

    func send(_ bytes: [UInt8]) {
        let socket = descriptor.withLock { descriptor in
            let socket = descriptor ?? csystem_open_datagrams(peer.address, peer.port)
            descriptor = socket
            return socket
        }
        // That nobody listens is told with the next one, which is not sent then: so it is sent once more.
        if socket >= 0, write(socket, bytes, bytes.count) < 0, csystem_errno() == ECONNREFUSED {
            _ = write(socket, bytes, bytes.count)
        }
    }
}
