import CSystem

extension HTTPServer {
    /// On all interfaces that is one socket for IPv6 and IPv4 alike; for IPv4 alone where the system has no IPv6.
    static func listen(on port: UInt16, _ interface: Interface) throws(SystemError) -> Int32 {
        switch interface {
        case .loopback: return try listen(sockaddr_in(port, in_addr_t(0x7F00_0001).bigEndian))
        case .all:
            do throws(SystemError) { return try listen(sockaddr_in6(port)) } catch {
                guard [EAFNOSUPPORT, EADDRNOTAVAIL].contains(error.code) else { throw error }
                return try listen(sockaddr_in(port, 0))
            }
        }
    }

    private static func listen(_ address: some SocketAddress) throws(SystemError) -> Int32 {
        let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(Int32(address.family), Int32(type), 0)
        guard descriptor >= 0 else { throw .last }
        // A port that a server has just left is free again at once.
        set(SOL_SOCKET, SO_REUSEADDR, 1, on: descriptor)
        if Int32(address.family) == AF_INET6 { set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0, on: descriptor) }
        let bound = withUnsafeBytes(of: address) { bytes in
            bind(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard bound == 0, CSystem.listen(descriptor, SOMAXCONN) == 0 else {
            let error = SystemError.last
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func set(_ level: Int32, _ option: Int32, _ value: Int32, on descriptor: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    static func port(of listener: Int32) throws(SystemError) -> Int {
        // The port is at the same place in both kinds of address.
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        guard status == 0 else { throw .last }
        return Int(UInt16(bigEndian: address.sin6_port))
    }
}

private protocol SocketAddress {
    var family: sa_family_t { get }
}

extension sockaddr_in: SocketAddress {
    fileprivate init(_ port: UInt16, _ address: in_addr_t) {
        self.init()
        sin_family = sa_family_t(AF_INET)
        sin_port = port.bigEndian
        sin_addr.s_addr = address
    }

    fileprivate var family: sa_family_t { sin_family }
}

extension sockaddr_in6: SocketAddress {
    /// On any address, `[::]`.
    fileprivate init(_ port: UInt16) {
        self.init()
        sin6_family = sa_family_t(AF_INET6)
        sin6_port = port.bigEndian
    }

    fileprivate var family: sa_family_t { sin6_family }
}
