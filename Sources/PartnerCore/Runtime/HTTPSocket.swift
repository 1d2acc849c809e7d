import CSystem

/// A connected TCP socket, read and written with deadlines.
struct HTTPSocket: Sendable {
    let descriptor: Int32

    enum Received {
        case bytes([UInt8])
        /// The peer has sent all it will, or the connection broke.
        case ended
        case late
        case stopped
    }

    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        // An answer is one write: waiting for more to send with it would only delay it.
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Waits for bytes, or for `stop` to be signalled; bytes go first.
    func receive(until deadline: Deadline, orUntil stop: StopSignal?) -> Received {
        // Waiting comes first: a peer that has just been answered has sent nothing yet.
        while true {
            let left = max(0, deadline.remainingMilliseconds)
            waitFor(POLLIN, on: descriptor, or: stop, milliseconds: left)
            switch receiveNow() {
            case .bytes(let bytes): return .bytes(bytes)
            case .ended: return .ended
            case .nothing: break
            }
            if let stop, stop.isSet { return .stopped }
            if left == 0 { return .late }
        }
    }

    private enum ReceivedNow { case bytes([UInt8]), nothing, ended }

    private func receiveNow() -> ReceivedNow {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, initialized in
            count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            initialized = max(0, count)
        }
        if count > 0 { return .bytes(bytes) }
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
                waitFor(POLLOUT, on: descriptor, or: nil, milliseconds: left)
            }
        }
        return true
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Throws away what has come.
    ///
    /// - Returns: whether nothing more will come.
    func discardReceived() -> Bool {
        // Not for ever, though it may come for ever.
        for _ in 0..<16 {
            switch receiveNow() {
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

/// Sleeps until the descriptor is ready, the signal is set, the time is over or a signal handler ran.
func waitFor(_ events: Int32, on descriptor: Int32, or stop: StopSignal?, milliseconds: Int) {
    var descriptors = [
        pollfd(fd: descriptor, events: Int16(events), revents: 0),
        pollfd(fd: stop?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    // One more, because what is left was rounded down.
    poll(&descriptors, 2, Int32(clamping: milliseconds + 1))
}
