/// What tells a workload's token from a person's. Issuers of people give tokens to programs too, and these have a `sub`
/// like everybody else's.
func isWorkload(_ claims: JSON) -> Bool {
    isOfServicesAlone(claims["iss"]?.exact ?? "") || isClientItself(claims) || isNamedLikeWorkload(claims)
}

/// Either spelling is Google's (Google, OpenID Connect, an ID token's payload).
func isGoogle(_ claims: JSON) -> Bool {
    ["https://accounts.google.com", "accounts.google.com"].contains(claims["iss"]?.exact)
}

/// The e-mail address of one of Google's service accounts. Domains know no case.
func serviceAccount(_ claims: JSON) -> String? {
    guard let email = claims["email"]?.string else { return nil }
    return isServiceAccount(email) ? email : nil
}

private func isServiceAccount(_ email: String) -> Bool {
    let domain = ".gserviceaccount.com"
    return equalIgnoringASCIICase(String(decoding: email.utf8.suffix(domain.utf8.count), as: UTF8.self), domain)
}

/// Issuers that no person ever signs in with: a service account that signs for itself, clusters, pipelines.
private func isOfServicesAlone(_ issuer: ExactText) -> Bool {
    let prefixes: [ExactText] = [
        "https://token.actions.githubusercontent.com", "https://container.googleapis.com/", "https://oidc.eks.",
        "https://kubernetes.default.svc",
    ]
    return isServiceAccount(issuer.text) || issuer.hasSuffix(".tokens.sts.global.api.aws")
        || prefixes.contains { issuer.hasPrefix($0) }
}

/// Whether a client got the token for itself (RFC 6749 section 4.4).
private func isClientItself(_ claims: JSON) -> Bool {
    // The subject is then the client (RFC 9068 section 2.2): Cognito, Okta, and whoever follows that.
    let subject = claims["sub"]?.exact
    let isSubject = ["client_id", "azp", "cid", "appid"].contains { name in
        subject != nil && claims[name]?.exact == subject
    }
    // Auth0 says how the token was got.
    let isGranted = claims["gty"]?.exact == "client-credentials"
    // Microsoft says so where it was asked to (idtyp), and otherwise gives no scopes, which a person's access token has.
    let isApp = claims["idtyp"]?.exact == "app"
    let isMicrosofts = (claims["azpacr"] ?? claims["appidacr"]) != nil && claims["scp"] == nil
    return isSubject || isGranted || isApp || isMicrosofts
}

private func isNamedLikeWorkload(_ claims: JSON) -> Bool {
    let subject = claims["sub"]?.exact ?? ""
    // Kubernetes, SPIFFE, AWS (IAM's outbound identity federation).
    let prefixes: [ExactText] = ["system:serviceaccount:", "spiffe://", "arn:aws"]
    // Keycloak makes a user of this name for a client.
    let user = claims["preferred_username"]?.exact ?? ""
    return prefixes.contains { subject.hasPrefix($0) } || user.hasPrefix("service-account-")
}
