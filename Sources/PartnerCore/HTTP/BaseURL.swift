import CCurl
import CSystem

/// The address below which an upstream's paths are.
public struct BaseURL: Sendable, Equatable {
    /// Without a slash at its end: `https://api.ownli.app`.
    public let text: String
    /// In lower case.
    let host: String

    /// As the `Host` header has it: with the port, if it has one. Behind the scheme's two slashes.
    var authority: String { String(afterScheme.split(separator: "/", omittingEmptySubsequences: false).first ?? "") }

    /// Without a slash at its end; empty, mostly.
    var path: String { String(Substring(afterScheme.utf8.drop { $0 != UInt8(ascii: "/") })) }

    private var afterScheme: Substring {
        text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
    }

    /// By address, or as `localhost`; a name like `127.0.0.1.example.com` is none.
    var isLoopback: Bool {
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
        return host == "localhost" || host == "[::1]"
    }

    static let none = BaseURL(text: "", host: "")

    private init(text: String, host: String) {
        self.text = text
        self.host = host
    }

    /// Takes `https://`, and `http://` for loopback, without credentials, query or fragment.
    init?(_ text: String) {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        guard curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: url),
            let host = Self.part(CURLUPART_HOST, of: url),
            Self.part(CURLUPART_USER, of: url) == nil, Self.part(CURLUPART_PASSWORD, of: url) == nil,
            Self.part(CURLUPART_QUERY, of: url) == nil, Self.part(CURLUPART_FRAGMENT, of: url) == nil,
            var whole = Self.part(CURLUPART_URL, of: url)
        else { return nil }
        while whole.utf8.last == UInt8(ascii: "/") { whole.removeLast() }
        self.init(text: whole, host: String(host.lowercased()))
        guard scheme == "https" || (scheme == "http" && isLoopback) else { return nil }
    }

    /// An emulator or a metadata server: plain HTTP to any host, without a path. What goes there has to be of no use
    /// elsewhere, or never leave the machine.
    init?(plainHost text: String) {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        guard curl_url_set(url, CURLUPART_URL, "http://\(text)", 0) == CURLUE_OK,
            let host = Self.part(CURLUPART_HOST, of: url), Self.part(CURLUPART_URL, of: url) == "http://\(text)/"
        else { return nil }
        self.init(text: "http://\(text)", host: String(host.lowercased()))
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}

extension SettingsReader {
    public mutating func baseURL(_ name: String, default defaultText: String? = nil, _ purpose: String) -> BaseURL {
        value(
            name, default: defaultText, placeholder: .none,
            expected: "an https:// address without query (http:// for loopback only)", purpose
        ) { BaseURL($0) }
    }
}
