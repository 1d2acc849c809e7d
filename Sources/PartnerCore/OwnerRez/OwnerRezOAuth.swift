/// OwnerRez's authorization code grant (RFC 6749 section 4.1; OwnerRez's article "OAuth Apps").
public struct OwnerRezOAuth: Sendable {
    let endpoint: OwnerRezTokenEndpoint
    public let redirectURI: String
    private let authorizeURL: BaseURL

    public init(reading settings: inout SettingsReader) {
        endpoint = OwnerRezTokenEndpoint(reading: &settings)
        redirectURI = settings.value(
            "OWNERREZ_REDIRECT_URI", default: nil, placeholder: "",
            expected: "an address with https:// (http:// for loopback only), or with your app's own scheme, "
                + "without query and fragment",
            "where OwnerRez sends people back to, exactly as in the app's settings there"
        ) { Self.isRedirectURI($0) ? $0 : nil }
        authorizeURL = settings.baseURL(
            "OWNERREZ_AUTHORIZE_URL", default: "https://app.ownerrez.com/oauth/authorize",
            "where people approve the connection")
    }

    /// Where the person is sent (section 4.1.1).
    func authorizationURL(state: String) -> String {
        authorizeURL.text + "?response_type=code"
            + form(
                [("client_id", endpoint.api.clientID), ("redirect_uri", redirectURI), ("state", state)], leading: "&")
    }

    /// Exchanges a code (section 4.1.3), once: it works a single time, so a request whose answer was lost is not sent
    /// again. A token whose answer is of no use is revoked.
    func exchange(code: String, in invocation: Invocation) throws(OwnerRezError) -> OwnerRezGrant {
        let answer = try endpoint.ask(
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI)], in: invocation)
        let tokens = try OwnerRezTokens(answer: answer, at: .now())
        do throws(OwnerRezError) {
            return OwnerRezGrant(tokens: tokens, account: try OwnerRezAccount(answer: answer))
        } catch {
            endpoint.revokeOrTell(tokens, in: invocation)
            throw error
        }
    }

    private static func isRedirectURI(_ text: String) -> Bool {
        guard
            text.utf8.allSatisfy({ $0.isASCIIVisible && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "?") }),
            let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        let scheme = text.utf8[..<colon]
        if scheme.elementsEqual("https".utf8) || scheme.elementsEqual("http".utf8) { return BaseURL(text) != nil }
        // RFC 8252 section 7.1: an app's own scheme is a domain name in reverse, so it has a dot.
        return scheme.contains(UInt8(ascii: "."))
            && scheme.allSatisfy { $0.isASCIIAlphanumeric || "+-.".utf8.contains($0) }
    }
}

extension OwnerRezAccount {
    fileprivate init(answer: JSON) throws(OwnerRezError) {
        if let type = answer["token_type"]?.present {
            guard let type = type.string, equalIgnoringASCIICase(type, "bearer") else {
                throw .unexpectedAnswer("another token_type than bearer")
            }
        }
        guard let id = answer["user_id"]?.integer, id > 0 else { throw .unexpectedAnswer("no user_id") }
        self.init(
            id: id, name: answer["user_display_name"]?.string.flatMap { $0.utf8.count <= 256 ? $0 : nil },
            scope: answer["scope"]?.string.flatMap { $0.utf8.count <= 256 ? $0 : nil })
    }
}
