/// Says who calls, for the routes that want to know: whom a gateway verified in the event; else, where that is trusted,
/// whom the header of the gateway in front of us names; else whose bearer token we verify ourselves; else nobody.
public struct Authenticator: Sendable {
    private let rules: CallerRules
    private let verifier: TokenVerifier?
    private let trustsGatewayHeader: Bool

    /// Google's API Gateway: base64url of the claims that it has verified.
    static let gatewayHeader = "x-apigateway-api-userinfo"

    /// - Parameters:
    ///   - routes: where none of them asks who calls there is nothing to set.
    ///   - hasGateway: whether requests come as events, in which a gateway may have put whom it verified. Without one,
    ///     there has to be a setting that says how callers are known.
    public init(reading settings: inout SettingsReader, for routes: [Route], hasGateway: Bool) {
        guard routes.contains(where: { $0.asksWhoCalls }) else {
            rules = CallerRules()
            verifier = nil
            trustsGatewayHeader = false
            return
        }
        // A service has a name that nobody here chooses.
        rules =
            routes.contains { $0.isForPeople } ? CallerRules(reading: &settings) : CallerRules()
        verifier = TokenVerifier(reading: &settings)
        trustsGatewayHeader = settings.choice(
            "AUTH_GATEWAY_HEADER", default: "off", [("off", false), (Self.gatewayHeader, true)],
            "claims to trust, where only the gateway can reach this service")
        if !hasGateway && verifier == nil && !trustsGatewayHeader && !settings.isDescribing {
            settings.problem("AUTH_ISSUER", "is required to know who calls over HTTP (or AUTH_GATEWAY_HEADER)")
        }
    }

    /// Nil when the request says nothing of who sent it. Credentials of other schemes are not ours to judge.
    public func caller(of request: Request, in invocation: Invocation) throws(FunctionError) -> Caller? {
        if let identity = request.identity,
            let caller = try refusing({ () throws(TokenError) in try rules.caller(identity) })
        {
            return caller
        }
        if trustsGatewayHeader,
            let claims = try refusing({ () throws(TokenError) in try gatewayClaims(request.headers) })
        {
            return try refusing { () throws(TokenError) in try rules.caller(claims: claims) }
        }
        guard let verifier,
            let token = try refusing({ () throws(TokenError) in try bearerToken(request.headers) })
        else {
            // So that the log says what the gateway's word was lacking.
            guard request.identity == nil else { throw .tokenRefused(.subjectMissing) }
            return nil
        }
        let claims = try verifier.claims(of: token, in: invocation)
        return try refusing { () throws(TokenError) in try rules.caller(claims: claims) }
    }

    /// The issuer's keys, where nobody verifies tokens before us.
    var preparations: [Preparation] {
        guard let verifier else { return [] }
        return [{ invocation in _ = try? verifier.keys.current(in: invocation) }]
    }

    /// Fetches the issuer's keys.
    public var probes: [Probe] {
        guard let verifier else { return [] }
        return [
            Probe("the issuer of tokens gives its keys") { invocation throws(FunctionError) in
                do throws(KeySourceError) { _ = try verifier.keys.current(in: invocation) } catch {
                    throw .noKeys(error)
                }
            }
        ]
    }
}

/// What comes after `Bearer` (RFC 6750 section 2.1; schemes know no case, RFC 9110 section 11.1). Nil when no such
/// credentials came. Of two it could not be said which another server went by, so they are refused.
private func bearerToken(_ headers: Headers) throws(TokenError) -> String? {
    let credentials = headers.all("Authorization").map { $0.utf8.split(separator: UInt8(ascii: " ")) }
    let isBearer = credentials.contains { parts in
        parts.first.map { equalIgnoringASCIICase(String(decoding: $0, as: UTF8.self), "Bearer") } ?? false
    }
    guard isBearer else { return nil }
    guard credentials.count == 1 else { throw .severalCredentials }
    guard credentials[0].count == 2 else { throw .malformedCredentials }
    return String(decoding: credentials[0][1], as: UTF8.self)
}

/// The claims in the gateway's header, whose base64url is padded or not.
private func gatewayClaims(_ headers: Headers) throws(TokenError) -> JSON? {
    let values = headers.all(Authenticator.gatewayHeader)
    guard let value = values.first else { return nil }
    guard values.count == 1 else { throw .severalCredentials }
    guard value.utf8.count <= JSONWebToken.longest else { throw .tooLong }
    var unpadded = Array(value.utf8)
    while unpadded.last == UInt8(ascii: "=") { unpadded.removeLast() }
    guard let bytes = Base64.decodeURL(unpadded) else { throw .notBase64URL }
    guard let claims = try? JSON.parse(bytes), case .object = claims else { throw .claimsNotJSON }
    return claims
}
