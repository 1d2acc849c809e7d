/// Which hosts are called directly although the environment names a proxy. (The proxy itself libcurl takes from there:
/// `HTTPS_PROXY` and its kin, libcurl-env(3).)
struct ProxyExceptions: Sendable {
    /// What no proxy can reach: this machine, and what the cloud has put beside it (link-local).
    private static let always = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fd00:ec2::/32,metadata.google.internal"

    private struct Entry: Sendable {
        /// As libcurl takes it: a name with all names below it, an address, or a range of addresses.
        let host: String
        /// Nil: any.
        let port: Int?
    }

    private let entries: [Entry]

    /// From a list as `NO_PROXY` has it.
    init(_ list: String) {
        entries = list.utf8.split { [UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t")].contains($0) }
            .map { Self.entry(String(Substring($0))) }
    }

    /// `NO_PROXY`, or `no_proxy`, which comes first, as with curl.
    init(reading settings: inout SettingsReader) {
        let text = settings.optionalText(
            "NO_PROXY", "called without the proxy: hosts, with those below them, addresses, ranges, or *")
        self.init(settings.environment["no_proxy"] ?? text ?? "")
    }

    /// Whether libcurl finds a proxy in the environment.
    static func isAnyProxySet(_ environment: Environment) -> Bool {
        ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"].contains { environment[$0] != nil }
    }

    /// The list for calls to this port, as `CURLOPT_NOPROXY` takes it. That knows no ports, and `*` only by itself.
    func list(port: Int) -> String {
        let hosts = entries.filter { ($0.port ?? port) == port }.map { $0.host }
        if hosts.contains(where: { $0.utf8.elementsEqual("*".utf8) }) { return "*" }
        return ([Self.always] + hosts).joined(separator: ",")
    }

    /// `example.com:8443`, `[::1]:8443`, or without a port. An IPv6 address without brackets has more than one colon.
    private static func entry(_ text: String) -> Entry {
        let bytes = Array(text.utf8)
        if bytes.first == UInt8(ascii: "["), let end = bytes.firstIndex(of: UInt8(ascii: "]")) {
            let host = String(decoding: bytes[1..<end], as: UTF8.self)
            let rest = bytes[(end + 1)...]
            return Entry(host: host, port: rest.first == UInt8(ascii: ":") ? number(rest.dropFirst()) : nil)
        }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, let port = number(parts[1]) else { return Entry(host: text, port: nil) }
        return Entry(host: String(decoding: parts[0], as: UTF8.self), port: port)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? { Int(String(decoding: digits, as: UTF8.self)) }
}
