import Foundation
import PartnerCore

/// An issuer of JSON Web Tokens for people who exist on this machine only. It stands in for the identity provider of
/// the company's app, as the gateway's JWT authorizer knows it.
struct DevelopmentIssuer: Sendable {
    static let audience = "partner-functions-development"
    static let tokenLifetimeSeconds = 8 * 3600
    private static let keyID = "development"

    /// The address that `iss` has, without a slash at its end.
    let issuer: String
    private let key: SigningKey

    init(issuer: String, key: SigningKey = SigningKey()) {
        self.issuer = issuer
        self.key = key
    }

    func token(for claims: JSON, now: Timestamp = .now()) -> String {
        var payload: JSON = [
            "iss": .string(issuer), "aud": .string(Self.audience), "iat": .integer(now.epochSeconds),
            "exp": .integer(now.epochSeconds + Self.tokenLifetimeSeconds),
        ]
        for member in claims.members ?? [] { payload.add(member.name, member.value) }
        let header: JSON = ["alg": "RS256", "typ": "JWT", "kid": .string(Self.keyID)]
        let signed = "\(Self.encoded(header.text)).\(Self.encoded(payload.text))"
        return "\(signed).\(Self.encoded(key.signature(of: Array(signed.utf8))))"
    }

    /// What an HTTP API's JWT authorizer checks: signature, issuer, audience, and times.
    ///
    /// - Returns: the claims; nil when the request is to be answered with 401.
    func claims(of request: Request, now: Timestamp = .now()) -> JSON? {
        let fields = request.headers.all("Authorization")
        guard fields.count == 1, let field = fields.first else { return nil }
        let words = field.split(separator: " ", maxSplits: 1)
        let isBearer = words.count == 2 && equalIgnoringASCIICase(String(words[0]), "Bearer")
        return claims(of: String(isBearer ? words[1] : words.first ?? ""), now: now)
    }

    private func claims(of token: String, now: Timestamp) -> JSON? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = Self.json(parts[0]), header["alg"] == "RS256",
            header["kid"] == .string(Self.keyID), let signature = Self.decoded(parts[2]),
            key.hasSigned(Array("\(parts[0]).\(parts[1])".utf8), with: signature), let claims = Self.json(parts[1]),
            claims["iss"] == .string(issuer), claims["aud"] == .string(Self.audience),
            let expires = claims["exp"]?.integer, expires > now.epochSeconds
        else { return nil }
        return claims
    }

    /// What is read at `/.well-known/openid-configuration` (OpenID Connect Discovery section 4).
    var configuration: JSON {
        [
            "issuer": .string(issuer), "jwks_uri": .string(issuer + "/jwks.json"),
            "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
            "response_types_supported": ["id_token"],
        ]
    }

    var keySet: JSON {
        let key: JSON = [
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": .string(Self.keyID),
            "n": .string(Self.encoded(key.modulus)), "e": .string(Self.encoded(key.exponent)),
        ]
        return ["keys": .array([key])]
    }

    private static func json(_ part: String) -> JSON? { decoded(part).flatMap { try? JSON.parse($0) } }

    /// base64url without padding (RFC 7515 section 2).
    private static func encoded(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    private static func decoded(_ part: String) -> [UInt8]? {
        let text = part.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { Array($0) }
    }
}
