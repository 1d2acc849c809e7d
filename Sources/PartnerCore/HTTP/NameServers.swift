import CAres
import CSystem

/// The name servers of /etc/resolv.conf.
enum NameServers {
    /// One of them.
    struct Server: Sendable, Equatable {
        fileprivate let family: Int32
        /// 4 or 16 bytes.
        fileprivate let address: [UInt8]
        /// 0: the usual one, 53.
        fileprivate let port: Int32

        /// On loopback, for tests.
        init(loopback last: UInt8, port: Int) {
            family = AF_INET
            address = [127, 0, 0, last]
            self.port = Int32(port)
        }

        fileprivate init(_ node: UnsafeMutablePointer<ares_addr_port_node>) {
            family = node.pointee.family
            let bytes = UnsafeRawBufferPointer(
                start: cares_server_address(node), count: family == AF_INET6 ? 16 : 4)
            address = Array(bytes)
            port = node.pointee.udp_port
        }

        /// The channel asks this one, and no other.
        func isOnly(of channel: ares_channel) {
            var node = ares_addr_port_node()
            node.family = family
            node.udp_port = port
            node.tcp_port = port
            _ = address.withUnsafeBytes { memcpy(&node.addr, $0.baseAddress!, $0.count) }
            ares_set_servers_ports(channel, &node)
        }
    }

    /// In the order of the file. Read anew every time: on a laptop they change.
    static func configured() -> [Server] {
        guard let channel = openChannel(milliseconds: 1000) else { return [] }
        defer { ares_destroy(channel) }
        var first: UnsafeMutablePointer<ares_addr_port_node>?
        guard ares_get_servers_ports(channel, &first) == cares_success else { return [] }
        defer { ares_free_data(first) }
        var servers: [Server] = []
        var next = first
        while let node = next {
            servers.append(Server(node))
            next = node.pointee.next
        }
        return servers
    }

    /// One that asks every server once. When another is asked is not c-ares's to decide: it would wait for seconds.
    static func openChannel(milliseconds: Int) -> ares_channel? {
        var options = ares_options()
        options.timeout = Int32(clamping: milliseconds)
        options.tries = 1
        var channel: ares_channel?
        let mask = Int32(ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES)
        guard ares_init_options(&channel, &options, mask) == cares_success else { return nil }
        return channel
    }
}
