/// Where the issuer publishes its keys.
struct KeySource: Sendable {
    enum Place: Sendable {
        /// AUTH_JWKS_URL.
        case address(String)
        /// `jwks_uri` in the issuer's metadata (OpenID Connect Discovery section 4).
        case discovery(issuer: String)
    }

    let place: Place
    let http: HTTPClient

    /// Bytes of an answer.
    static let largestAnswer = 262_144

    func fetch(in invocation: Invocation) throws(KeySourceError) -> KeySet {
        let end = Deadline.after(milliseconds: KeyCache.longestMilliseconds)
        let address: String
        switch place {
        case .address(let text): address = text
        case .discovery(let issuer): address = try discover(issuer, until: end, in: invocation)
        }
        guard let keys = KeySet(try get(address, "GET keys", until: end, in: invocation)) else { throw .noUsableKey }
        return keys
    }

    private func discover(
        _ issuer: String, until end: Deadline, in invocation: Invocation
    ) throws(KeySourceError) -> String {
        let hasSlash = issuer.utf8.last == UInt8(ascii: "/")
        let base = String(decoding: issuer.utf8.dropLast(hasSlash ? 1 : 0), as: UTF8.self)
        let metadata = try get(
            base + "/.well-known/openid-configuration", "GET openid-configuration", until: end, in: invocation)
        guard metadata["issuer"]?.exact == ExactText(issuer) else { throw .anotherIssuer }
        guard let address = metadata["jwks_uri"]?.string, Self.isAddress(address) else { throw .addressRefused }
        return address
    }

    private func get(
        _ url: String, _ name: String, until end: Deadline, in invocation: Invocation
    ) throws(KeySourceError) -> JSON {
        let milliseconds = end.remainingMilliseconds
        guard milliseconds > 0 else { throw .notInTime }
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try http.send(
                HTTPRequest(
                    name: name, method: "GET", url: url, headers: ["Accept": "application/json"],
                    longestMilliseconds: milliseconds), in: invocation)
        } catch {
            throw .noAnswer(error)
        }
        guard response.status == 200 else { throw .status(response.status) }
        do throws(JSONError) { return try JSON.parse(response.body, duplicates: .lastWins) } catch { throw .notJSON }
    }

    /// `https://`, or `http://` for loopback. A query is taken: Azure AD B2C has one.
    static func isAddress(_ text: String) -> Bool {
        let withoutQuery = text.utf8.prefix { $0 != UInt8(ascii: "?") }
        return text.utf8.allSatisfy { $0.isASCIIVisible && $0 != UInt8(ascii: "#") }
            && BaseURL(String(decoding: withoutQuery, as: UTF8.self)) != nil
    }
}

/// Why there are no keys.
enum KeySourceError: Error, Sendable, Equatable {
    case noAnswer(HTTPError)
    case status(Int)
    case notJSON
    case anotherIssuer
    case addressRefused
    case noUsableKey
    case notInTime

    var description: String {
        switch self {
        case .noAnswer(let error): "the issuer's keys: \(error.description)"
        case .status(let status): "the issuer's keys: answered with status \(status)"
        case .notJSON: "the issuer's keys: the answer is no JSON"
        case .anotherIssuer: "the issuer's metadata names another issuer than AUTH_ISSUER"
        case .addressRefused: "the issuer's metadata has no jwks_uri that is https"
        case .noUsableKey: "the issuer's keys: none is RSA of 2048 to 8192 bits, on a P curve or Ed25519"
        case .notInTime: "the issuer's keys: not there in time"
        }
    }
}
