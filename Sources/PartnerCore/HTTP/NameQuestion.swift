import CAres
import CSystem

/// One name server asked for a name's addresses of both kinds, by c-ares, which looks into /etc/hosts first and appends
/// the search domains of /etc/resolv.conf. For one thread.
final class NameQuestion {
    enum Outcome {
        case waiting
        case found(addresses: [String], seconds: Int)
        /// The server says that there is no such name, or no address of it.
        case noSuchName
        /// It refused, or could not be reached.
        case failed
    }

    /// What became of one kind of address.
    final class Answer {
        fileprivate(set) var status: Int32?
        fileprivate(set) var addresses: [String] = []
        fileprivate(set) var seconds = Int.max
        fileprivate(set) var came = Instant.now()

        fileprivate var isEmpty: Bool { status == cares_no_data || status == cares_not_found }
    }

    /// How long IPv6 addresses are waited for once the others are there (RFC 8305 section 3).
    private static let resolutionDelayMilliseconds = 50

    private let channel: ares_channel
    private let v4 = Answer()
    private let v6 = Answer()

    /// - Parameters:
    ///   - server: the one to ask, as `NameServers` has it.
    ///   - milliseconds: the longest that an answer is waited for.
    init?(_ name: String, server: NameServers.Server, milliseconds: Int) {
        guard let channel = NameServers.openChannel(milliseconds: milliseconds) else { return nil }
        self.channel = channel
        server.isOnly(of: channel)
        ask(name, AF_INET, v4)
        // From /etc/hosts it is there at once, and no server needs to be asked.
        if v4.addresses.isEmpty { ask(name, AF_INET6, v6) } else { v6.status = cares_no_data }
    }

    deinit { ares_destroy(channel) }

    private func ask(_ name: String, _ family: Int32, _ answer: Answer) {
        var hints = ares_addrinfo_hints()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // The answer outlives the channel, which is destroyed before it.
        let context = Unmanaged.passUnretained(answer).toOpaque()
        ares_getaddrinfo(
            channel, name, nil, &hints,
            { context, status, _, result in
                let answer = Unmanaged<Answer>.fromOpaque(context!).takeUnretainedValue()
                answer.status = status
                answer.came = .now()
                guard let result else { return }
                if status == cares_success { answer.take(result.pointee.nodes) }
                ares_freeaddrinfo(result)
            }, context)
    }

    var outcome: Outcome {
        guard v4.status != nil || v6.status != nil else { return .waiting }
        if !v4.addresses.isEmpty && (v6.status != nil || isDelayOver)
            || !v6.addresses.isEmpty && v4.isEmpty
        {
            return .found(addresses: v6.addresses + v4.addresses, seconds: min(v4.seconds, v6.seconds))
        }
        guard v4.status != nil, v6.status != nil else { return .waiting }
        return v4.isEmpty && v6.isEmpty ? .noSuchName : .failed
    }

    private var isDelayOver: Bool {
        v4.came.elapsedMicroseconds >= Self.resolutionDelayMilliseconds * 1000
    }

    /// What there is when nothing more is waited for: IPv6 addresses, and never a word about the others.
    var lastOutcome: Outcome {
        v6.addresses.isEmpty ? .failed : .found(addresses: v6.addresses, seconds: v6.seconds)
    }

    /// For how long it makes sense to wait for more.
    var patienceMilliseconds: Int { v4.addresses.isEmpty ? .max : Self.resolutionDelayMilliseconds }

    /// Adds what it waits for.
    func addSockets(to descriptors: inout [pollfd]) {
        var sockets = [ares_socket_t](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
        let bits = ares_getsock(channel, &sockets, Int32(sockets.count))
        for (index, socket) in sockets.enumerated() {
            var events: Int32 = 0
            if cares_is_readable(bits, Int32(index)) != 0 { events |= POLLIN }
            if cares_is_writable(bits, Int32(index)) != 0 { events |= POLLOUT }
            if events != 0 { descriptors.append(pollfd(fd: socket, events: Int16(events), revents: 0)) }
        }
    }

    /// Takes what has come on one of its sockets.
    func process(_ descriptor: pollfd) {
        let failed = Int32(descriptor.revents) & (POLLERR | POLLHUP | POLLNVAL) != 0
        let canRead =
            Int32(descriptor.revents) & POLLIN != 0 || failed && Int32(descriptor.events) & POLLIN != 0
        let canWrite =
            Int32(descriptor.revents) & POLLOUT != 0 || failed && Int32(descriptor.events) & POLLOUT != 0
        ares_process_fd(channel, canRead ? descriptor.fd : -1, canWrite ? descriptor.fd : -1)
    }
}

extension NameQuestion.Answer {
    fileprivate func take(_ first: UnsafeMutablePointer<ares_addrinfo_node>?) {
        var next = first
        while let node = next {
            next = node.pointee.ai_next
            guard let address = node.pointee.ai_addr, let text = Self.text(address) else { continue }
            addresses.append(text)
            seconds = min(seconds, Int(node.pointee.ai_ttl))
        }
    }

    /// As `CURLOPT_RESOLVE` takes it: IPv6 in brackets.
    private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let isV6 = Int32(address.pointee.sa_family) == AF_INET6
        let isWritten = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
                isV6
                    ? inet_ntop(AF_INET6, &v6.pointee.sin6_addr, &text, socklen_t(text.count))
                    : inet_ntop(AF_INET, &v4.pointee.sin_addr, &text, socklen_t(text.count))
            }
        }
        guard isWritten != nil else { return nil }
        let written = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        return isV6 ? "[\(written)]" : written
    }
}
