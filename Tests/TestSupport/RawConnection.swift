import Glibc

/// A TCP connection to loopback that sends exactly the bytes it is given, so that tests say what is on the wire.
public final class RawConnection: Sendable {
    private let descriptor: Int32

    /// Nothing on loopback takes this long: what does hangs, and the test says what it has instead.
    private static let patience = timeval(tv_sec: 20, tv_usec: 0)

    /// - Returns: nil when the connection is refused.
    public init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            return nil
        }
        var patience = Self.patience
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    public func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends what the peer still takes.
    public func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Says that nothing more will be sent.
    public func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    public enum Ending: Sendable { case closed, reset, nothingMore }

    /// Everything until the peer closes.
    public func readToEnd() -> (text: String, ending: Ending) {
        let (bytes, ending) = read { _ in false }
        return (String(decoding: bytes, as: UTF8.self), ending)
    }

    /// What comes, up to the first time that it ends with this.
    public func read(through ending: String) -> String {
        let suffix = Array(ending.utf8)
        return String(decoding: read { $0.suffix(suffix.count) == suffix[...] }.bytes, as: UTF8.self)
    }

    private func read(until isComplete: ([UInt8]) -> Bool) -> (bytes: [UInt8], ending: Ending) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isComplete(bytes) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return (bytes, .closed) }
            if count < 0 { return (bytes, errno == ECONNRESET ? .reset : .nothingMore) }
            bytes += buffer[..<count]
        }
        return (bytes, .nothingMore)
    }
}
