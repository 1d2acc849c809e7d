import CCurl
import CSystem

/// Whom a URL is for.
struct Authority: Sendable, Equatable {
    /// An IPv6 address is in brackets.
    let host: String
    let port: Int
    /// Whether a name server has to be asked. (libcurl knows itself what localhost is.)
    let isName: Bool

    /// Nil when it is no URL, which libcurl will say.
    init?(_ url: String) {
        guard let parts = curl_url() else { return nil }
        defer { curl_url_cleanup(parts) }
        guard curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK,
            let host = Self.text(CURLUPART_HOST, of: parts), let port = Self.text(CURLUPART_PORT, of: parts),
            let port = Int(port)
        else { return nil }
        self.init(host: host, port: port)
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
        isName = Self.isName(host)
    }

    private static func isName(_ host: String) -> Bool {
        var address = in_addr()
        let bytes = Array(host.utf8)
        return bytes.allSatisfy { $0.isASCIIVisible } && bytes.first != UInt8(ascii: "[")
            && inet_pton(AF_INET, host, &address) != 1
            && !equalIgnoringASCIICase(host, "localhost")
            && !equalIgnoringASCIICase(
                String(decoding: host.utf8.suffix(10), as: UTF8.self), ".localhost")
    }

    private static func text(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
