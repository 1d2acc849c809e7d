import CSystem

/// A connected TCP socket.
struct HTTPSocket: Sendable {
    let descriptor: Int32

    enum Received {
        /// So many.
        case bytes(Int)
        case nothing
        /// The peer has sent all it will, or the connection broke.
        case ended
    }

    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        // An answer is one write: waiting for more to send with it would only delay it.
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Takes what has come, without a wait.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { return .bytes(count) }
        return count < 0 && Self.isTemporary(csystem_errno()) ? .nothing : .ended
    }

    /// - Returns: false when the peer is gone, or does not take the bytes in time.
    func send(_ bytes: [UInt8], until deadline: Deadline) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                // MSG_NOSIGNAL: a peer that is gone is no reason for SIGPIPE to end the process.
                CSystem.send(
                    descriptor, buffer.baseAddress! + sent, buffer.count - sent,
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
            } else {
                let left = deadline.remainingMilliseconds
                guard Self.isTemporary(csystem_errno()), left > 0 else { return false }
                waitFor(POLLOUT, on: descriptor, milliseconds: left)
            }
        }
        return true
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Throws away what has come.
    ///
    /// - Returns: whether nothing more will come.
    func discardReceived() -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 1)
        defer { buffer.deallocate() }
        // Not for ever, though it may come for ever.
        for _ in 0..<16 {
            switch receive(into: buffer) {
            case .bytes: continue
            case .nothing: return false
            case .ended: return true
            }
        }
        return false
    }

    func close() { CSystem.close(descriptor) }

    /// Closes with RST.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Whether trying again may do.
    static func isTemporary(_ code: Int32) -> Bool { code == EAGAIN || code == EINTR }
}

/// Sleeps until the descriptor is ready, the time is over or a signal handler ran.
func waitFor(_ events: Int32, on descriptor: Int32, milliseconds: Int) {
    var descriptor = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    // One more, because what is left was rounded down.
    blocking { _ = poll(&descriptor, 1, Int32(clamping: milliseconds + 1)) }
}
